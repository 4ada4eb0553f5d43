"""What an experiment is: its sections together, and what must hold between them."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from params.ingest import SeriesIngest, TextIngest
from params.names import Architecture
from params.resources import Resources
from params.section import Section, Seed, is_none
from params.sections import (
    Compare,
    SeriesEvaluate,
    SeriesModel,
    SeriesPreprocess,
    SeriesReport,
    TextEvaluate,
    TextModel,
    TextPreprocess,
    TextReport,
    Train,
)
from params.tune import Tune


class ExperimentBase(Section):
    """What every experiment has: one params file, several architectures, several seeds."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$",
        description="Small letters, digits, - and _; names the runs and the report's folder.",
    )
    architectures: tuple[Architecture, ...] = Field(min_length=1, description="What to compare.")
    seeds: tuple[Seed, ...] = Field(
        min_length=1, description="One run of each architecture per seed."
    )
    grid: dict[str, Annotated[tuple[JsonValue, ...], Field(min_length=1)]] = Field(
        default_factory=dict,
        exclude_if=lambda grid: not grid,
        description="Values of params of train, model and preprocess, by dotted key: every "
        "combination of them is compared, each with all architectures and seeds.",
    )
    train: Train
    compare: Compare
    tune: Tune | None = Field(
        default=None, exclude_if=is_none, description="What `unroll tune` may change."
    )

    resources: Resources = Field(
        default_factory=Resources,
        exclude_if=lambda resources: resources == Resources(),
        description="Where trainings run.",
    )

    def digest(self) -> str:
        """The digest of what is computed: not of `tune`, and of `resources` the precision alone."""
        computed = {"tune": None, "resources": self.resources.computed()}
        return Section.digest(self.model_copy(update=computed))

    @field_validator("grid")
    @classmethod
    def _in_one_order(
        cls, grid: dict[str, tuple[JsonValue, ...]]
    ) -> dict[str, tuple[JsonValue, ...]]:
        """By key, so that the same points have the same names and digest, however they are said."""
        return dict(sorted(grid.items()))

    @model_validator(mode="after")
    def _same_share_for_every_device(self) -> Self:
        world_size = self.resources.world_size
        if self.train.batch_size % world_size:
            raise ValueError(
                f"train.batch_size must be a multiple of the {world_size} devices that share a "
                f"training (resources.devices x num_nodes), got {self.train.batch_size}"
            )
        return self

    @model_validator(mode="after")
    def _each_run_once(self) -> Self:
        no_repeats("architectures", self.architectures)
        no_repeats("seeds", self.seeds)
        return self


class ClassificationExperiment(ExperimentBase):
    """Texts with a label 0 or 1."""

    task: Literal["classification"]
    ingest: TextIngest
    preprocess: TextPreprocess
    model: TextModel
    evaluate: TextEvaluate
    report: TextReport

    @model_validator(mode="after")
    def _names_mean_what_they_say(self) -> Self:
        refuse_twins(self.architectures, self.model)
        no_repeats("evaluate.baselines", self.evaluate.baselines)
        if self.ingest.source == "inline" and not self.report.excerpts:
            raise ValueError(
                "report.excerpts must be true, or left out, when ingest.source is inline: the "
                "page shows the params, and the texts are among them"
            )
        return self


class ForecastExperiment(ExperimentBase):
    """A series to be continued."""

    task: Literal["forecast"]
    ingest: SeriesIngest
    preprocess: SeriesPreprocess
    model: SeriesModel
    evaluate: SeriesEvaluate
    report: SeriesReport

    @model_validator(mode="after")
    def _names_mean_what_they_say(self) -> Self:
        refuse_twins(self.architectures, self.model)
        no_repeats("evaluate.baselines", self.evaluate.baselines)
        window = self.preprocess.context_length + self.preprocess.prediction_length
        if window > self.ingest.num_days:
            raise ValueError(
                f"preprocess.context_length + prediction_length must be at most the "
                f"{self.ingest.num_days} days of the series, got {window}"
            )
        return self


Experiment = ClassificationExperiment | ForecastExperiment


def refuse_twins(architectures: tuple[Architecture, ...], model: SeriesModel) -> None:
    """Refuse a `bilstm` that `model.bidirectional` makes the same network as the `lstm`.

    Raises:
        ValueError: If both are compared, or the `bilstm` has no layer that reads both ways.
    """
    if model.bidirectional is not None and {"lstm", "bilstm"} <= set(architectures):
        raise ValueError(
            "architectures must not have both lstm and bilstm when model.bidirectional says how "
            "every layer reads: they would be the same network"
        )
    if "bilstm" in architectures and not any(model.directions("bilstm")):
        raise ValueError(
            "model.bidirectional must have a layer that reads both ways when architectures has "
            "bilstm, got false for every layer"
        )


def no_repeats(name: str, values: tuple[object, ...]) -> None:
    """Refuse a list that names the same thing twice.

    Raises:
        ValueError: If a value stands in `values` more than once.
    """
    if len(set(values)) != len(values):
        raise ValueError(f"{name} must not repeat a value, got {list(values)}")
