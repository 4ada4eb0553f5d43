"""Two runs or comparisons as lines of text."""

import pytest

from components.records import Comparison, Row, Spread
from components.tracking.beside import Beside
from components.tracking.made_from import MadeFrom
from flows.reruns import sides
from flows.reruns.sides import Line

NETWORK = {"num_parameters": 1, "train_seconds": 1.0, "seeds": (1,)}


def side(**changes: object) -> Beside:
    made = MadeFrom(
        run_id="1f",
        called="1f",
        comparison="tiny-1",
        created="2026-01-02T03:04:05+00:00",
        architecture="gru",
        seed=1,
        params="",
        fingerprint=str(changes.pop("fingerprint", "abc")),
        code_revision="0123456789abcdef",
        versions={"torch": str(changes.pop("torch", "2.13.0")), "python": "3.11"},
    )
    known: dict[str, object] = {
        "made": made,
        "task": "forecast",
        "status": "complete",
        "params": {},
        "source": "a series",
        "sizes": {"train": 1234, "val": 20, "test": 10},
        "metrics": {},
    }
    return Beside.model_validate({**known, **changes})


def comparison(metric: str, **rows: dict[str, Spread]) -> Comparison:
    """All that is read of one."""
    return Comparison.model_construct(
        task="forecast",
        metric=metric,
        rows=tuple(
            Row(kind="network", name=name, label=name.upper(), metrics=metrics, **NETWORK)
            for name, metrics in rows.items()
        ),
    )


def spread(mean: float, interval: tuple[float, float] | None = None) -> Spread:
    return Spread(mean=mean, low=mean, high=mean, values=(mean,), interval=interval)


def test_params_and_what_is_not_set() -> None:
    lines = sides.param_lines({"a": "1", "b": "2"}, {"b": "2", "c": "3"})
    assert lines == [
        Line("a", "1", "(not set)"),
        Line("b", "2", "2"),
        Line("c", "(not set)", "3"),
    ]
    assert [line.differs for line in lines] == [True, False, True]
    (line,) = sides.param_lines({"title": "Hot -> cold"}, {"title": "Cold -> hot"})
    assert (line.a, line.b) == ("Hot -> cold", "Cold -> hot")
    (line,) = sides.param_lines({"a": "x" * 70}, {"a": "x" * 80})
    assert (line.a, line.b) == ("70 characters", "80 characters")


def test_data_and_code() -> None:
    a, b = side(), side(fingerprint="def", torch="2.14.0", sizes={})
    assert sides.data_lines(a, b) == [
        Line("source", "a series", "a series"),
        Line("fingerprint", "abc", "def"),
        Line("train", "1,234", "–"),
        Line("val", "20", "–"),
        Line("test", "10", "–"),
    ]
    assert sides.code_lines(a, b) == [
        Line("code revision", "0123456789", "0123456789"),
        Line("torch", "2.13.0", "2.14.0"),
        Line("python", "3.11", "3.11"),
    ]


def test_rows_are_matched_by_their_labels_and_ranked_by_either_metric() -> None:
    a = comparison(
        "test/mae",
        gru={"test/mae": spread(1.5, (1.25, 1.75)), "val/mae": spread(1.0)},
        rnn={"test/mae": spread(2.0)},
    )
    b = comparison("test/mae", gru={"test/mae": spread(1.5, (1.25, 1.75)), "val/mae": spread(1.1)})
    assert sides.row_lines(a, b) == [
        Line("GRU, MAE, °C", "1.500 [1.250, 1.750]", "1.500 [1.250, 1.750]", always=True),
        Line("GRU, Validation MAE, °C", "1.000", "1.100"),
        Line("RNN, MAE, °C", "2.000", "–", always=True),
    ]


def test_values_of_runs() -> None:
    a = side(
        metrics={
            "test/mae": 1.5,
            "best/val/loss": 0.25,
            "val/loss": float("nan"),
            "best_epoch": 3.0,
            "throughput": 1234567.891,
            "system/cpu": 10.0,
        }
    )
    b = side(metrics={"test/mae": 1.75, "best/val/loss": 0.25, "num_parameters": 1200.0})
    assert sides.value_lines(a, b) == [
        Line("MAE, °C", "1.500", "1.750", always=True),
        Line("Validation loss", "–", "–"),
        Line("Validation loss at its best epoch", "0.2500", "0.2500", always=True),
        Line("best_epoch", "3", "–", always=True),
        Line("num_parameters", "–", "1,200", always=True),
        Line("throughput", "1.23457e+06", "–"),
    ]


@pytest.mark.parametrize(
    ("value", "said"), [(None, "–"), (2.0, "2"), (1200.0, "1,200"), (0.125, "0.125")]
)
def test_a_number_of_which_nothing_is_known(value: float | None, said: str) -> None:
    assert sides.plain(value) == said
