"""Two comparisons with all that a page can show, made by hand of plausible numbers."""

import math
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from components.records import (
    ComparedData,
    Comparison,
    Confusion,
    Cost,
    Curve,
    Disagreement,
    Epoch,
    ForecastPicture,
    LengthBin,
    Method,
    Mistake,
    Needed,
    Pair,
    Provenance,
    Reliability,
    ReliabilityBin,
    Residuals,
    Row,
    RunTest,
    SeasonBin,
    SeriesErrors,
    Spread,
    TextErrors,
)
from dashboards.render import render
from params.names import ARCHITECTURE_LABELS

SEEDS = (1, 2, 3)


def spread(*values: float, interval: tuple[float, float] | None = None) -> Spread:
    mean = sum(values) / len(values)
    return Spread(mean=mean, low=min(values), high=max(values), values=values, interval=interval)


def near(mean: float, half: float, *, seeds: int = 3) -> Spread:
    """`seeds` values around a mean, with an interval of so much on each side."""
    values = [mean + half * 0.5 * (place - (seeds - 1) / 2) for place in range(seeds)]
    return spread(*values, interval=(mean - half, mean + half))


def network(name: str, metrics: dict[str, Spread], train: float, **changed: object) -> Row:
    cost = changed.pop("cost", None)
    parameters = changed.pop("num_parameters", 180_000)
    return Row(
        kind="network",
        name=name,
        label=ARCHITECTURE_LABELS[name],
        architecture=name,
        num_parameters=parameters,
        train_seconds=train,
        seeds=SEEDS,
        metrics=metrics,
        cost=cost,
        **changed,
    )


def baseline(
    name: str, label: str, metrics: dict[str, Spread], train: float, cost: Cost, parameters=None
) -> Row:
    return Row(
        kind="baseline",
        name=name,
        label=label,
        num_parameters=parameters,
        train_seconds=train,
        seeds=(),
        metrics=metrics,
        cost=cost,
    )


def cost(latency: float, size: int, memory: int, epoch: float | None = None) -> Cost:
    """Latency in milliseconds, size in kB, memory in MB."""
    return Cost(
        seconds_per_epoch=epoch,
        peak_memory_bytes=memory * 10**6,
        size_bytes=size * 10**3,
        latency_median_seconds=latency / 1e3,
        latency_p99_seconds=1.6 * latency / 1e3,
        throughput=20_000 / latency,
    )


def pair(better: str, worse: str, difference: float, half: float, p: float, holm: float) -> Pair:
    """A pair whose interval is so wide on each side, with a test of each seed."""
    runs = tuple(
        RunTest(better_seed=seed, worse_seed=seed, statistic=12.3 + seed, p_value=0.0004 * seed)
        for seed in SEEDS
    )
    open_ = Needed(difference=0.005, more_seeds=4, more_examples=31_000) if holm >= 0.05 else None
    return Pair(
        better=better,
        worse=worse,
        difference=difference,
        interval=(difference - half, difference + half),
        p_value=p,
        adjusted_p=holm,
        runs=runs,
        needed=open_,
    )


def curves(name: str, start: float, end: float, num_epochs: int, best: int) -> list[Curve]:
    found = []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        epochs = []
        for epoch in range(1, num_epochs + 1 - (seed == 3)):
            fall = (start - end) * math.exp(-1.2 * (epoch - 1))
            noise = 0.012 * float(random.standard_normal())
            rise = 0.02 * max(0, epoch - best)
            metrics = {
                "train/loss": end + fall - 0.03 * epoch,
                "val/loss": end + fall + rise + noise,
            }
            epochs.append(Epoch(epoch=epoch, seconds=2.0, metrics=metrics))
        losses = [epoch.metrics["val/loss"] for epoch in epochs]
        found.append(
            Curve(
                name=name,
                architecture=name,
                seed=seed,
                best_epoch=losses.index(min(losses)) + 1,
                epochs=tuple(epochs),
            )
        )
    return found


PROVENANCE = Provenance(
    params="name: imdb\nseeds: [1, 2, 3]\n",
    params_digest="9f2c41d07be3a815",
    command="unroll run imdb",
    code_revision="4be71ce",
    versions={"torch": "2.13.0", "plotly": "7.1.0"},
    machine="Linux, 2 cores",
)
TEXTS = ("lstm", "gru", "bilstm", "rnn")
ACCURACY = {
    "lstm": 0.8481,
    "gru": 0.8452,
    "bilstm": 0.8449,
    "rnn": 0.8371,
    "tfidf_logistic": 0.8869,
    "majority": 0.5,
}


def text_errors() -> TextErrors:
    names = list(ACCURACY)
    ranges = ((1, 100), (101, 150), (151, 200), (201, 300), (301, 500), (501, 2470))
    counts = (2_710, 6_342, 4_380, 5_168, 4_301, 2_099)
    fall = {"lstm": 0.012, "gru": 0.013, "bilstm": 0.011, "rnn": 0.024, "tfidf_logistic": 0.006}
    lengths = tuple(
        LengthBin(
            low=low,
            high=high,
            num_examples=count,
            accuracy={
                name: near(
                    ACCURACY[name] + fall.get(name, 0) * (2 - place),
                    0.9 / math.sqrt(count),
                    seeds=3 if name in TEXTS else 1,
                )
                for name in names
            },
        )
        for place, ((low, high), count) in enumerate(zip(ranges, counts, strict=True))
    )
    bent = {"lstm": 0.03, "gru": 0.04, "bilstm": 0.05, "rnn": 0.07, "tfidf_logistic": -0.04}
    reliability = {
        name: Reliability(
            error=near(abs(bent[name]), 0.006, seeds=3 if name in TEXTS else 1),
            bins=tuple(
                ReliabilityBin(
                    low=tenth / 10,
                    high=(tenth + 1) / 10,
                    num_examples=7_500 if tenth not in (0, 9) else 22_000,
                    said=tenth / 10 + 0.05,
                    found=tenth / 10
                    + 0.05
                    - bent[name] * math.sin(2 * math.pi * (tenth - 4.5) / 9),
                )
                for tenth in range(10)
            ),
        )
        for name in names[:5]
    }
    mistakes = {
        name: tuple(
            Mistake(
                row=1000 * place + 17,
                label=place % 2,
                probability=0.004 + 0.001 * place if place % 2 else 0.996 - 0.001 * place,
                num_words=180 + place,
                excerpt="… and yet I sat through every minute of it, not sorry for one of them, "
                "which is more than can be said of most films that want to be loved this badly.",
            )
            for place in range(1, 4)
        )
        for name in names[:5]
    }
    return TextErrors(
        confusion={
            name: Confusion(
                true_negative=12_500 * (accuracy + 0.01),
                false_positive=12_500 * (1 - accuracy - 0.01),
                false_negative=12_500 * (1 - accuracy + 0.01),
                true_positive=12_500 * (accuracy - 0.01),
            )
            for name, accuracy in ACCURACY.items()
            if name != "majority"
        }
        | {
            "majority": Confusion(
                true_negative=12_500, false_positive=0, false_negative=12_500, true_positive=0
            )
        },
        lengths=lengths,
        reliability=reliability,
        mistakes=mistakes,
        disagreements=(
            Disagreement(
                first="lstm",
                second="rnn",
                num_both_right=19_750,
                num_only_first=1_480,
                num_only_second=1_205,
                num_both_wrong=2_565,
                only_first=mistakes["rnn"][:2],
                only_second=mistakes["lstm"][:2],
            ),
        ),
    )


def text_pairs() -> tuple[Pair, ...]:
    names = ("tfidf_logistic", *TEXTS, "majority")
    found = []
    for place, better in enumerate(names):
        for worse in names[place + 1 :]:
            difference = ACCURACY[better] - ACCURACY[worse]
            p = 0.0001 if difference > 0.006 else 0.03 if difference > 0.0025 else 0.71
            holm = 0.0015 if difference > 0.006 else 0.12 if difference > 0.0025 else 0.98
            found.append(pair(better, worse, difference, 0.004, p, holm))
    return tuple(found)


@pytest.fixture
def texts() -> Comparison:
    """Four networks and two baselines on 25,000 reviews, with everything a page can show."""
    costs = {
        "lstm": (1.31, 742, 612, 16.6, 185_217),
        "gru": (1.44, 717, 618, 19.5, 178_945),
        "bilstm": (2.62, 843, 655, 35.6, 210_369),
        "rnn": (0.82, 667, 590, 7.2, 166_401),
    }
    rows = [
        network(
            name,
            {
                "test/accuracy": near(ACCURACY[name], 0.004),
                "test/log_loss": near(0.96 - 0.72 * ACCURACY[name], 0.006),
                "val/accuracy": near(ACCURACY[name] - 0.002, 0.003),
            },
            costs[name][3],
            num_parameters=costs[name][4],
            cost=cost(*costs[name][:3], epoch=costs[name][3] / 4),
            best=name == "lstm",
        )
        for name in TEXTS
    ]
    rows.append(
        baseline(
            "tfidf_logistic",
            "TF-IDF + logistic regression",
            {"test/accuracy": near(0.8869, 0.004, seeds=1), "test/log_loss": near(0.31, 0.005)},
            5.0,
            cost(0.35, 1_460, 702),
            20_001,
        )
    )
    rows.append(
        baseline(
            "majority",
            "Majority class",
            {"test/accuracy": near(0.5, 0.006, seeds=1), "test/log_loss": near(0.6931, 0.001)},
            0.0004,
            cost(0.002, 1, 310),
        )
    )
    return Comparison(
        id="imdb-1",
        experiment="imdb",
        title="Which network reads film reviews best?",
        task="classification",
        created="2026-01-02 03:04 UTC",
        metric="test/accuracy",
        data=ComparedData(source="imdb", fingerprint="c3a1", train=20000, val=5000, test=25000),
        rows=tuple(rows),
        pairs=text_pairs(),
        method=Method(
            block_length=1,
            run_test="mcnemar",
            num_pairs=15,
            smallest_difference=0.005,
            sentences=("Test texts are drawn again 2,000 times.", "Holm's correction for 15."),
        ),
        missing=(),
        curves=tuple(
            one
            for name, end in (("lstm", 0.37), ("gru", 0.38), ("bilstm", 0.385), ("rnn", 0.41))
            for one in curves(name, 0.66, end, 6, 4)
        ),
        forecast=None,
        errors=text_errors(),
        floor={},
        provenance=PROVENANCE,
    )


MAE = {
    "bilstm": 1.584,
    "lstm": 1.586,
    "gru": 1.647,
    "rnn": 1.689,
    "harmonic_regression": 1.525,
    "climatology": 1.789,
    "last_value": 2.143,
}
SERIES_LABELS = {
    "harmonic_regression": "Harmonic regression",
    "climatology": "Day-of-year climatology",
    "last_value": "Last value",
}


def series_errors(days: list[int], steps: int) -> SeriesErrors:
    random = np.random.default_rng(7)
    noise = random.standard_normal(len(days)) * 2
    residuals = {}
    for place, name in enumerate(MAE):
        values = -noise + np.sin(np.asarray(days) / 58) * (0.15 * place)
        if name == "last_value":
            values = values + np.roll(noise, 1)
        centred = values - values.mean()
        lags = tuple(
            float((centred[lag:] * centred[:-lag]).sum() / (centred**2).sum())
            for lag in range(1, 22)
        )
        residuals[name] = Residuals(values=tuple(map(float, values)), autocorrelation=lags)
    parts = (("Spring", 31), ("Summer", 92), ("Autumn", 90))
    return SeriesErrors(
        horizon={
            name: tuple(
                near(mae + 0.03 * step, 0.18, seeds=3 if name in TEXTS else 1)
                for step in range(steps)
            )
            for name, mae in MAE.items()
        },
        days=tuple(days),
        residuals=residuals,
        band=1.96 / math.sqrt(len(days)),
        seasons=tuple(
            SeasonBin(
                label=label,
                num_days=number,
                mae={
                    name: near(mae + 0.08 * (place - 1), 1.8 / math.sqrt(number), seeds=2)
                    for name, mae in MAE.items()
                },
            )
            for place, (label, number) in enumerate(parts)
        ),
    )


@pytest.fixture
def series() -> Comparison:
    """Four networks and three baselines on 213 days, seven days ahead."""
    days = list(range(882, 1095))
    true_mean = 25 + 10 * np.sin(2 * np.pi * np.asarray(days) / 365)
    truth = true_mean + np.random.default_rng(3).standard_normal(len(days)) * 2
    train = {"bilstm": 9.9, "lstm": 5.0, "gru": 7.9, "rnn": 3.0}
    parameters = {"bilstm": 100_801, "lstm": 30_651, "gru": 23_251, "rnn": 7_851}
    rows = []
    for place, (name, mae) in enumerate(MAE.items()):
        seeds = 3 if name in TEXTS else 1
        metrics = {
            "test/mae": near(mae, 0.178, seeds=seeds),
            "test/regret": near(mae - 1.53, 0.05, seeds=seeds),
        }
        if name in train:
            took = cost(0.4 + 0.1 * place, 30 + parameters[name] // 250, 560 + 9 * place, 0.2)
            more = {"num_parameters": parameters[name], "cost": took, "best": place == 0}
            rows.append(network(name, metrics, train[name], **more))
        else:
            took = cost(0.01 * (1 + place), 2 * place, 300 + place)
            rows.append(baseline(name, SERIES_LABELS[name], metrics, 0.0, took))
    names = sorted(MAE, key=MAE.__getitem__)
    pairs = []
    for place, better in enumerate(names):
        for worse in names[place + 1 :]:
            difference = MAE[worse] - MAE[better]
            holm = 0.004 if difference > 0.15 else 0.3
            pairs.append(pair(better, worse, difference, 0.08, holm / 4, holm))
    drawn = slice(0, 60)
    return Comparison(
        id="heat-1",
        experiment="temperature",
        title="Which network forecasts tomorrow's temperature best?",
        task="forecast",
        created="2026-01-02 03:04 UTC",
        metric="test/mae",
        data=ComparedData(source="generated", fingerprint="77aa01", train=725, val=127, test=213),
        rows=tuple(rows),
        pairs=tuple(pairs),
        missing=(),
        curves=tuple(
            one
            for name, end in (("bilstm", 0.09), ("lstm", 0.095), ("gru", 0.1), ("rnn", 0.12))
            for one in curves(name, 1.4, end + 0.3, 30, 24)
        ),
        forecast=ForecastPicture(
            days=tuple(days[drawn]),
            truth=tuple(map(float, truth[drawn])),
            true_mean=tuple(map(float, true_mean[drawn])),
            forecasts={
                name: tuple(float(value) + 0.1 * place for value in true_mean[drawn])
                for place, name in enumerate(MAE)
            },
        ),
        errors=series_errors(days, 7),
        floor={"test/mae": 1.53},
        provenance=PROVENANCE,
    )


VOID = {"meta", "br", "hr", "img", "input", "link"}


class Reader(HTMLParser):
    """HTML -> a tree; a tag that is not closed, or not in its turn, is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.builder = ElementTree.TreeBuilder()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


@pytest.fixture
def page_of() -> Callable[[Comparison], ElementTree.Element]:
    """Renders a comparison and gives the page as a tree."""

    def read(comparison: Comparison) -> ElementTree.Element:
        reader = Reader()
        reader.feed(render(comparison).strip())
        assert not reader.open
        return reader.builder.close()

    return read
