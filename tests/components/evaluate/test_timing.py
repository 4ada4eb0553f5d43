"""What a clock that is no clock says of answers, and how many threads a measured child has."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from components.evaluate.timing import NUM_SINGLES, WARM_UP, timing
from components.train import worker

NUMBERS = np.arange(200)


class Clock:
    """A clock that goes on only while something is answered; keeps what was asked."""

    def __init__(self, singles: Sequence[float], batches: Sequence[float]):
        """Answers take these seconds, those that only warm up a hundred each."""
        self.now = 0.0
        self.asked: list[list[int]] = []
        self.seconds = {1: [100.0] * WARM_UP + list(singles), 200: [100.0, *batches]}

    def __call__(self) -> float:
        return self.now

    def answer(self, questions: np.ndarray) -> None:
        self.asked.append(questions.tolist())
        self.now += self.seconds[len(questions)].pop(0)


def test_latency_is_that_of_single_questions_from_all_over() -> None:
    seconds = [number / 1000 for number in range(1, NUM_SINGLES + 1)]
    clock = Clock(np.random.default_rng(0).permutation(seconds).tolist(), [1.0] * 3)
    found = timing(clock.answer, NUMBERS, clock)
    assert found.median == pytest.approx(0.0505)
    assert found.p99 == pytest.approx(0.09901)  # a hundredth of the way from 99 ms to 100 ms
    singles = [asked for asked in clock.asked if len(asked) == 1][WARM_UP:]
    assert singles == [[number] for number in range(0, 200, 2)]


@pytest.mark.parametrize(
    ("batches", "throughput"),
    [
        ([1.0, 2.0, 4.0], 100),  # each long enough: three
        ([0.02, 0.03, 0.02, 0.04], 8000),  # until they make 0.1 s
        ([0.001] * 20, 200_000),  # as many as there may be
    ],
)
def test_throughput_is_by_the_median_batch(batches: list[float], throughput: float) -> None:
    clock = Clock([0.001] * NUM_SINGLES, batches)
    assert timing(clock.answer, NUMBERS, clock).throughput == pytest.approx(throughput)
    assert clock.seconds == {1: [], 200: []}


def test_few_questions_are_asked_again() -> None:
    asked: list[str] = []

    def answer(questions: list[str]) -> None:
        asked.extend(questions)

    found = timing(answer, ["a", "b"])
    assert 0 < found.median <= found.p99
    assert found.throughput > 0
    assert asked[WARM_UP : WARM_UP + NUM_SINGLES] == ["a"] * 50 + ["b"] * 50


def test_a_measured_child_has_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import measured_work

    worker.preload()
    worker.run_in_child(measured_work.count_threads, "", tmp_path)
    threads = json.loads((tmp_path / "threads.json").read_text())
    assert len(threads) >= 4  # torch, Arrow, and what NumPy and scikit-learn have
    assert set(threads) == {1}
