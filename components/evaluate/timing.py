"""How long answers take: one at a time and in batches, on one thread."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

BATCH_SIZE = 256
NUM_SINGLES = 100  # answers whose latencies are taken
WARM_UP = 5  # answers before them that are not timed: the first ones set up what the others find
ENOUGH_SECONDS = 0.1  # of batches that are timed
LEAST_BATCHES, MOST_BATCHES = 3, 20

Questions = TypeVar("Questions", list[str], NDArray[np.int64])


@dataclass(frozen=True)
class Timing:
    """Median and 99th percentile of the latency in seconds, and answers a second in batches."""

    median: float
    p99: float
    throughput: float


def timing(
    answer: Callable[[Questions], object],
    batch: Questions,
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """How long `answer` takes for one question of `batch` at a time, and for all of them at once.

    Args:
        answer: Takes questions and answers them.
        batch: Different questions; `NUM_SINGLES` of them are asked one at a time. All are asked at
            once as often as makes `ENOUGH_SECONDS`, within limits.
        clock: The time in seconds.
    """

    def seconds(questions: Questions) -> float:
        start = clock()
        answer(questions)
        return clock() - start

    places = [number * len(batch) // NUM_SINGLES for number in range(NUM_SINGLES)]
    singles = [batch[place : place + 1] for place in places]
    for single in singles[:WARM_UP]:
        answer(single)
    latencies = [seconds(single) for single in singles]
    answer(batch)
    batches: list[float] = []
    while len(batches) < LEAST_BATCHES or (
        len(batches) < MOST_BATCHES and sum(batches) < ENOUGH_SECONDS
    ):
        batches.append(seconds(batch))
    return Timing(
        median=median(latencies),
        p99=float(np.percentile(latencies, 99)),
        throughput=len(batch) / median(batches),
    )


def use_one_thread() -> None:
    """Let torch, NumPy, SciPy and Arrow compute on one thread in this process, for good.

    What was imported is kept out of the garbage collector's way: one pass over all of it takes as
    long as many answers, and would hit one row by chance.
    """
    torch.set_num_threads(1)
    threadpool_limits(1)
    pa.set_cpu_count(1)
    gc.freeze()
