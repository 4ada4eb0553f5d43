"""Two runs, or two comparisons, as lines of text: each has a key and what either side says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from components.metrics import Metric, metrics_of
from components.provenance import short
from components.records import Comparison, Spread
from components.tracking.beside import Beside
from dashboards.wording import DASH, brackets, number
from params.difference import difference, shortened
from params.names import Task

BEST_VAL = "best/"
OF_A_RUN = ("best_epoch", "num_parameters", "train_seconds")


@dataclass(frozen=True)
class Line:
    """What both sides say of one thing, and whether it is said although they agree."""

    key: str
    a: str
    b: str
    always: bool = False

    @property
    def differs(self) -> bool:
        """Whether they do not say the same."""
        return self.a != self.b


def param_lines(a: Mapping[str, str], b: Mapping[str, str]) -> list[Line]:
    """All params of both; of long values that differ, how."""
    apart = {one.key: one for one in difference(a, b)}
    lines = []
    for key in (*a, *(key for key in b if key not in a)):
        if key in apart:
            lines.append(Line(key, *apart[key].sides))
        else:
            lines.append(Line(key, shortened(a[key]), shortened(a[key])))
    return lines


def data_lines(a: Beside, b: Beside) -> list[Line]:
    """Where the data came from, their fingerprints and how many examples each part has."""
    sizes = (*a.sizes, *(name for name in b.sizes if name not in a.sizes))
    return [
        Line("source", shortened(a.source), shortened(b.source)),
        Line("fingerprint", a.made.fingerprint, b.made.fingerprint),
        *(Line(name, count(a.sizes.get(name)), count(b.sizes.get(name))) for name in sizes),
    ]


def code_lines(a: Beside, b: Beside) -> list[Line]:
    """The code revision, and the versions of Python and of the packages."""
    old, new = a.made.versions, b.made.versions
    names = (*old, *(name for name in new if name not in old))
    return [
        Line("code revision", short(a.made.code_revision), short(b.made.code_revision)),
        *(Line(name, old.get(name, DASH), new.get(name, DASH)) for name in names),
    ]


def row_lines(a: Comparison, b: Comparison) -> list[Line]:
    """Every metric of every row, mean with its 95 % interval; that which ranks them always."""
    lines = []
    ranking = {a.metric, b.metric}
    rows = [{row.label: row.metrics for row in side.rows} for side in (a, b)]
    for label in (*rows[0], *(label for label in rows[1] if label not in rows[0])):
        ours, theirs = (side.get(label, {}) for side in rows)
        for metric in known(a.task, b.task):
            if metric.key in ours or metric.key in theirs:
                old, new = (spread(side.get(metric.key), metric) for side in (ours, theirs))
                key = f"{label}, {heading(metric)}"
                lines.append(Line(key, old, new, always=metric.key in ranking))
    return lines


def value_lines(a: Beside, b: Beside) -> list[Line]:
    """Every number of two runs; test metrics and those of the best epoch always."""
    lines = []
    told = set()
    for metric in known(a.task, b.task):
        for key in (metric.key, f"{BEST_VAL}{metric.key}"):
            if key in a.metrics or key in b.metrics:
                told.add(key)
                old, new = (number(side.metrics.get(key), metric.digits) for side in (a, b))
                best = key.startswith(BEST_VAL)
                name = f"{heading(metric)}{' at its best epoch' if best else ''}"
                lines.append(Line(name, old, new, always=best or metric.compute is not None))
    others = sorted({*a.metrics, *b.metrics} - told)
    return lines + [
        Line(key, plain(a.metrics.get(key)), plain(b.metrics.get(key)), always=key in OF_A_RUN)
        for key in others
        if not key.startswith("system/")  # of the machine, which others used too
    ]


def known(*tasks: Task) -> Iterable[Metric]:
    """The metrics of all these tasks, each once, in the order in which they are shown."""
    return {metric.key: metric for task in tasks for metric in metrics_of(task).values()}.values()


def heading(metric: Metric) -> str:
    """The label of a metric with its unit."""
    return f"{metric.label}, {metric.unit}" if metric.unit else metric.label


def spread(found: Spread | None, metric: Metric) -> str:
    """`1.586 [1.377, 1.796]`, or the mean alone where there is no interval."""
    if found is None:
        return DASH
    mean = number(found.mean, metric.digits)
    if found.interval is None:
        return mean
    return f"{mean} {brackets(*found.interval, metric.digits)}"


def count(value: int | None) -> str:
    """A number of examples."""
    return DASH if value is None else f"{value:,}"


def plain(value: float | None) -> str:
    """A number of which nothing is known."""
    if value is None:
        return DASH
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"
