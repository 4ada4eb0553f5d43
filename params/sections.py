"""The sections of an experiment: every key with its range, its unit and one sentence.

Values live in YAML files beside this module, never here: a field has a default only where leaving
it out cannot change a result. Unknown keys are refused and every model is frozen.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from params.inline import MAX_TEXTS, require_few
from params.names import Architecture, SeriesBaseline, TextBaseline
from params.section import DropoutRate, Fraction, Section, Seed, Size, is_none


class TextPreprocess(Section):
    """How texts become padded rows of token ids."""

    vocab_size: Size = Field(
        description="Most frequent training words that get an id; padding and unknown come on top."
    )
    max_length: Size = Field(description="Tokens kept of a text.")
    truncation_side: Literal["start", "end"] = Field(
        description="Where a longer text is cut: start keeps its last tokens, end its first."
    )
    val_fraction: Fraction = Field(description="Share of the training split set aside to validate.")
    split_seed: Seed = Field(description="Seed of the training / validation split.")


class SeriesPreprocess(Section):
    """How a series becomes windows."""

    context_length: Size = Field(description="Days a network reads.")
    prediction_length: Size = Field(description="Days it forecasts after them.")
    val_fraction: Fraction = Field(
        description="Share of the windows before the test part set aside to validate, at their end."
    )
    test_fraction: Fraction = Field(
        description="Share of all windows set aside to test, at the end."
    )


class SeriesModel(Section):
    """The network, but for the cell: that is the architecture's. Its input are real values."""

    hidden_sizes: tuple[Size, ...] = Field(
        min_length=1, max_length=64, description="Units of each recurrent layer, first to last."
    )
    bidirectional: tuple[bool, ...] | None = Field(
        default=None,
        description="Per layer; left out, every layer is as the architecture says.",
    )
    dropout: DropoutRate | tuple[DropoutRate, ...] = Field(
        description="Share dropped after each recurrent layer: one number, or one per layer."
    )
    pooling: Literal["last", "max", "mean"] = Field(
        description="How the last layer's states become one vector; padding never counts."
    )
    head_sizes: tuple[Size, ...] = Field(
        max_length=64, description="Units of the dense ReLU layers before the output; [] for none."
    )

    @property
    def dropout_per_layer(self) -> tuple[float, ...]:
        """The dropout rate after each recurrent layer."""
        if isinstance(self.dropout, tuple):
            return self.dropout
        return (self.dropout,) * len(self.hidden_sizes)

    def directions(self, architecture: Architecture) -> tuple[bool, ...]:
        """For each recurrent layer, whether `architecture` reads it both ways."""
        if self.bidirectional is not None:
            return self.bidirectional
        return (architecture == "bilstm",) * len(self.hidden_sizes)

    @model_validator(mode="after")
    def _one_value_per_layer(self) -> Self:
        for name, value in (("dropout", self.dropout), ("bidirectional", self.bidirectional)):
            if isinstance(value, tuple) and len(value) != len(self.hidden_sizes):
                raise ValueError(
                    f"{name} must have one value for each of the {len(self.hidden_sizes)} "
                    f"layers in hidden_sizes, got {len(value)}"
                )
        return self


class TextModel(SeriesModel):
    """The same with an embedding in front."""

    embedding_size: Size = Field(description="Length of the vector that stands for a token.")


class Train(Section):
    """How a network is fitted, with Adam."""

    batch_size: Size = Field(description="Examples a step.")
    max_epochs: Size = Field(description="Passes over the training part, at most.")
    learning_rate: float = Field(gt=0, le=100, description="Adam's step size.")
    weight_decay: float = Field(ge=0, description="Adam's L2 penalty.")
    gradient_clip_val: float | None = Field(
        gt=0, description="Largest norm of the gradient of a step; null does not clip."
    )
    ema_decay: float | None = Field(
        gt=0,
        lt=1,
        description="Decay a step of a moving average of the weights, which is what is validated "
        "and kept; null keeps the weights as they are.",
    )
    patience: Size | None = Field(
        description="Epochs without a better val/loss before training stops; null: all epochs."
    )


class TextEvaluate(Section):
    """What stands beside the networks of a classification, and what else they read."""

    baselines: tuple[TextBaseline, ...] = Field(description="Baselines to compare with.")
    texts: tuple[str, ...] = Field(
        default=(),
        exclude_if=lambda texts: not texts,
        max_length=MAX_TEXTS,
        description="Texts that every finished network reads; the page shows what it says of each.",
    )

    @model_validator(mode="after")
    def _every_text_says_something(self) -> Self:
        blank = [place for place, text in enumerate(self.texts, 1) if not text.strip()]
        if blank:
            raise ValueError(f"texts must hold no blank text, got one at place {blank[0]}")
        require_few("texts", self.texts)
        return self


class SeriesEvaluate(Section):
    """What stands beside the networks of a forecast."""

    baselines: tuple[SeriesBaseline, ...] = Field(description="Baselines to compare with.")
    seasonal_period: int = Field(ge=2, description="Season of the seasonal baselines, in days.")
    num_harmonics: int = Field(
        ge=1, le=100, description="Sine and cosine pairs of the harmonic regression."
    )


class Alert(Section):
    """When a comparison whose best network is worse than the last champion ends as a failure.

    It does where the new network is worse on the test split by more than `drop` and the paired test
    of the two finds a difference (p below 0.05).
    """

    metric: str = Field(
        pattern=r"^test/[a-z0-9_]+$",
        description="Test metric that is watched, such as test/accuracy.",
    )
    drop: float = Field(
        gt=0,
        description="How much worse than the last champion is still let pass, in the metric's "
        "unit: 0.01 is one point of accuracy. Of an error, such as test/mae, it is a rise.",
    )


class Compare(Section):
    """How rows are ranked, and which differences matter."""

    metric: str = Field(
        pattern=r"^test/[a-z0-9_]+$",
        description="Metric that orders the rows, such as test/accuracy.",
    )
    smallest_difference: float | None = Field(
        default=None,
        exclude_if=is_none,
        gt=0,
        description="Least difference worth finding, in the metric's unit, such as 0.005 for half "
        "a point of accuracy; left out, the metric's own.",
    )
    alert: Alert | None = Field(
        default=None,
        exclude_if=is_none,
        description="Ends the flow in a failed state called Regression when the new best network "
        "is worse than the last champion; left out, nothing is watched.",
    )


class TextReport(Section):
    """What the page says of a classification."""

    title: str = Field(min_length=1, description="The question, as the page's heading.")
    excerpts: bool = Field(
        default=True,
        exclude_if=lambda shown: shown,
        description="Whether the page and its numbers hold pieces of the texts of the data.",
    )


class SeriesReport(Section):
    """What the page says of a forecast."""

    title: str = Field(min_length=1, description="The question, as the page's heading.")
    num_days: Size = Field(description="Test days drawn, truth against forecast.")
