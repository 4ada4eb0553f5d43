"""Comparisons of any size, with every number of them drawn from a seeded generator."""

import math
from itertools import combinations

import numpy as np

from components.records import (
    Against,
    Champion,
    ComparedData,
    Comparison,
    Confusion,
    Cost,
    Curve,
    Disagreement,
    Epoch,
    Guard,
    LengthBin,
    Method,
    Mistake,
    Pair,
    Provenance,
    Reliability,
    ReliabilityBin,
    Row,
    Score,
    Spread,
    TextErrors,
)

LABELS = {"rnn": "Vanilla RNN", "lstm": "LSTM", "gru": "GRU", "bilstm": "BiLSTM"}
BASELINES = {"tfidf_logistic": "TF-IDF + logistic regression", "majority": "Majority class"}


def made_up(num_rows: int, num_seeds: int, num_epochs: int = 30) -> Comparison:
    """A classification of `num_rows` networks and two baselines with every field of it filled.

    The first four rows are the four architectures, further ones differ from them in their params.
    """
    random = np.random.default_rng(num_rows * num_seeds)
    seeds = tuple(range(1, num_seeds + 1))
    names = [network_name(place) for place in range(num_rows)]
    skills = dict(zip(names, random.uniform(0.80, 0.87, num_rows), strict=True))
    rows = [network(name, skills[name], seeds, random) for name in names]
    rows.sort(key=lambda row: -row.metrics["test/accuracy"].mean)
    rows[0] = rows[0].model_copy(update={"best": True})
    rows += [
        baseline("tfidf_logistic", 0.8801, 0.3012, 74_849),
        baseline("majority", 0.5, math.log(2), None),
    ]
    return Comparison(
        id="made-up-20260102-030405-abcd",
        experiment="made_up",
        title="Which recurrent network reads film reviews best?",
        task="classification",
        created="2026-01-02 03:04 UTC",
        metric="test/accuracy",
        data=ComparedData(
            source="film reviews, made up",
            fingerprint="c3a1f6c0d7be41f2",
            train=20_000,
            val=5_000,
            test=25_000,
            facts=("96 reviews are exact repeats.",),
        ),
        rows=tuple(rows),
        pairs=pairs(rows),
        method=Method(
            block_length=1,
            run_test="mcnemar",
            num_pairs=math.comb(len(rows), 2),
            smallest_difference=0.005,
            sentences=(
                "Intervals are drawn from 2,000 bootstrap samples of test examples and seeds.",
                "Pairs are tested on the same examples, with Holm's correction over all of them.",
            ),
        ),
        missing=(),
        curves=tuple(curve(name, seed, num_epochs, random) for name in names for seed in seeds),
        forecast=None,
        errors=errors([row.name for row in rows], names, random),
        floor={},
        provenance=Provenance(
            params="name: made_up\narchitectures: [rnn, lstm, gru, bilstm]\n",
            params_digest="9f2c41d07be3a815",
            command="unroll run params/made_up.yaml",
            code_revision="4be71ce",
            versions={"torch": "2.13.0", "plotly": "7.1.0"},
            machine="Linux, 2 cores",
        ),
        against=against(rows[0]),
    )


def against(row: Row) -> Against:
    """The first row's first seed against a champion that it falls behind by two points."""
    new = row.metrics["test/accuracy"].values[0]
    pair = Pair(
        better="last",
        worse="new",
        difference=0.02,
        interval=(0.0151, 0.0249),
        p_value=1e-12,
        adjusted_p=1e-12,
    )
    return Against(
        champion=Champion(
            version="7",
            registered="2026-01-01T03:04:05+00:00",
            comparison="made_up-20260101-030405-abcd",
            run_id="gru2",
            architecture="gru",
            seed=2,
            training="9f2c41d07be3a815",
            source="film reviews of last month, made up",
            fingerprint="77aa01c0d7be41f2",
        ),
        row=row.name,
        architecture=row.architecture or "lstm",
        seed=row.seeds[0],
        run_id=row.run_ids[0],
        new_data=True,
        num_examples=25_000,
        scores=(Score(metric="test/accuracy", new=new, last=new + 0.02, pair=pair),),
        guard=Guard(metric="test/accuracy", drop=0.01, fired=True),
    )


def network_name(place: int) -> str:
    name, copy = list(LABELS)[place % 4], place // 4
    return f"{name}{copy + 1}" if copy else name


def network(name: str, skill: float, seeds: tuple[int, ...], random: np.random.Generator) -> Row:
    architecture, copy = name.rstrip("0123456789"), name.lstrip("abcdefghijklmnopqrstuvwxyz")
    values = random.normal(skill, 0.004, len(seeds))
    size = int(random.integers(100_000, 400_000))
    return Row(
        kind="network",
        name=name,
        label=LABELS[architecture] + (f" {copy}" if copy else ""),
        architecture=architecture,
        changed={"model.hidden_sizes": f"[{16 * int(copy)}]"} if copy else {},
        num_parameters=size,
        train_seconds=float(random.uniform(20, 90)),
        seeds=seeds,
        run_ids=tuple(f"{name}{seed}" for seed in seeds),
        metrics={
            "test/accuracy": spread(values, 0.006),
            "test/f1": spread(values - 0.003, 0.007),
            "test/roc_auc": spread(values + 0.06, 0.004),
            "test/log_loss": spread(0.9 - 0.65 * values, 0.01),
            "val/accuracy": spread(values + 0.01),
        },
        cost=Cost(
            seconds_per_epoch=float(random.uniform(5, 20)),
            peak_memory_bytes=int(random.integers(400_000_000, 900_000_000)),
            size_bytes=4 * size + 81_234,
            latency_median_seconds=float(random.uniform(0.0006, 0.004)),
            latency_p99_seconds=float(random.uniform(0.005, 0.009)),
            throughput=float(random.uniform(1_000, 6_000)),
        ),
    )


def baseline(name: str, accuracy: float, log_loss: float, num_parameters: int | None) -> Row:
    return Row(
        kind="baseline",
        name=name,
        label=BASELINES[name],
        num_parameters=num_parameters,
        train_seconds=3.2,
        seeds=(),
        metrics={
            "test/accuracy": spread(np.array([accuracy]), 0.004),
            "test/log_loss": spread(np.array([log_loss]), 0.006),
        },
        cost=Cost(
            seconds_per_epoch=None,
            peak_memory_bytes=612_345_678,
            size_bytes=1_512_345 if num_parameters else 412,
            latency_median_seconds=0.00043,
            latency_p99_seconds=0.0007,
            throughput=9_123.0,
        ),
    )


def spread(values: "np.ndarray", half: float | None = None) -> Spread:
    numbers = tuple(float(value) for value in values)
    mean = sum(numbers) / len(numbers)
    return Spread(
        mean=mean,
        low=min(numbers),
        high=max(numbers),
        values=numbers,
        interval=None if half is None else (mean - half, mean + half),
    )


def pairs(rows: list[Row]) -> tuple[Pair, ...]:
    """Every two rows, a difference being shown where it is more than 0.6 points."""
    ordered = sorted(rows, key=lambda row: -row.metrics["test/accuracy"].mean)
    found = []
    for better, worse in combinations(ordered, 2):
        apart = better.metrics["test/accuracy"].mean - worse.metrics["test/accuracy"].mean
        p_value = 0.0004 if apart > 0.006 else 0.31
        found.append(
            Pair(
                better=better.name,
                worse=worse.name,
                difference=apart,
                interval=(apart - 0.006, apart + 0.006),
                p_value=p_value,
                adjusted_p=min(1.0, 2 * p_value),
            )
        )
    return tuple(found)


def curve(name: str, seed: int, num_epochs: int, random: np.random.Generator) -> Curve:
    steps = np.arange(num_epochs)
    train = 0.2 + 0.5 * np.exp(-steps / 8) + random.normal(0, 0.01, num_epochs)
    val = 0.35 + 0.3 * np.exp(-steps / 5) + 0.004 * steps + random.normal(0, 0.01, num_epochs)
    epochs = tuple(
        Epoch(
            epoch=step + 1,
            seconds=8.0,
            metrics={"train/loss": float(train[step]), "val/loss": float(val[step])},
        )
        for step in steps.tolist()
    )
    return Curve(
        name=name,
        architecture=name.rstrip("0123456789"),
        seed=seed,
        best_epoch=int(val.argmin()) + 1,
        epochs=epochs,
    )


def errors(names: list[str], networks: list[str], random: np.random.Generator) -> TextErrors:
    """The error analysis of every row, and what each two networks disagree about."""
    return TextErrors(
        confusion={
            name: Confusion(
                true_negative=10_500.0,
                false_positive=2_000.0,
                false_negative=1_500.0,
                true_positive=11_000.0,
            )
            for name in names
        },
        lengths=tuple(
            LengthBin(
                low=low,
                high=low + 99,
                num_examples=5_000,
                accuracy={name: spread(random.uniform(0.7, 0.9, 3), 0.01) for name in names},
            )
            for low in range(1, 501, 100)
        ),
        reliability={
            name: Reliability(
                error=spread(random.uniform(0.01, 0.05, 3), 0.004),
                bins=tuple(
                    ReliabilityBin(
                        low=tenth / 10,
                        high=(tenth + 1) / 10,
                        num_examples=2_500,
                        said=(tenth + 0.5) / 10,
                        found=float(np.clip((tenth + random.uniform(0, 1)) / 10, 0, 1)),
                    )
                    for tenth in range(10)
                ),
            )
            for name in names
        },
        mistakes={name: mistakes(5, random) for name in names},
        disagreements=tuple(
            Disagreement(
                first=first,
                second=second,
                num_both_right=19_000,
                num_only_first=2_000,
                num_only_second=1_500,
                num_both_wrong=2_500,
                only_first=mistakes(3, random),
                only_second=mistakes(3, random),
            )
            for first, second in combinations(networks, 2)
        ),
    )


def mistakes(number: int, random: np.random.Generator) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(
            row=int(random.integers(25_000)),
            label=0,
            probability=float(random.uniform(0.9, 1.0)),
            num_words=230,
            excerpt="It begins well enough and then goes on and on. " * 5,
        )
        for _ in range(number)
    )
