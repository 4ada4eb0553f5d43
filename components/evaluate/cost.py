"""How big and how fast the rows of a comparison are: measured in one child, or measured before.

The child has one thread and answers raw test examples: texts, or days to forecast with the series
before them in degrees C. A result is reused as any stage output is, on the same machine: it is then
as old as its first measuring.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from components.evaluate.answering import AnsweringJob
from components.evaluate.quiet import beside, busy_seconds, disturbed
from components.outputs import Store
from components.records import Answering
from components.train.worker import run_in_child

ANSWERING = "answering.json"
MEASURED = "measured.json"  # the outputs that the rows were restored from, which it is kept with

Rows: TypeAdapter[tuple[Answering, ...]] = TypeAdapter(tuple[Answering, ...])


def measure(job: AnsweringJob, store: Store, *, fresh: bool = False) -> tuple[Answering, ...]:
    """How big and how fast each row is, networks first.

    Call it when nothing else runs: what shares the cores with it is measured too.

    Raises:
        ChildFailed: If the child that measures fails or is killed.
    """

    def make(folder: Path) -> None:
        run_in_child(measure_in_child, job.model_dump_json(), folder)
        scored = [*(row.scored for row in job.networks), *(row.scored for row in job.baselines)]
        names = [f"{path.parent.name}/{path.name}" for path in scored]
        (folder / MEASURED).write_text(json.dumps(names), encoding="utf-8")

    output = store.output("evaluate", job.key, make, fresh=fresh, whose="sizes and speeds")
    found = Rows.validate_json((output.path / ANSWERING).read_bytes())
    # The same runs may stand in rows that are called otherwise, if they were measured before.
    names = [*(row.name for row in job.networks), *(row.name for row in job.baselines)]
    named = zip(names, found, strict=True)
    return tuple(one.model_copy(update={"name": name}) for name, one in named)


def sentences(found: Sequence[Answering]) -> Iterator[str]:
    """How rows answer, to be read in a log, and what disturbed the measuring, if anything did."""
    yield from map(sentence, found)
    if said := disturbed(row.busy_cores for row in found):
        yield said


def sentence(one: Answering) -> str:
    """How a row answers, to be read in a log."""
    return (
        f"{one.name} answers in {1000 * one.latency_median_seconds:.2f} ms (99 of 100 times within "
        f"{1000 * one.latency_p99_seconds:.2f} ms), {one.throughput:,.0f} a second in batches; "
        f"{one.size_bytes:,} bytes on disk"
    )


def measure_in_child(text: str, folder: Path) -> None:
    """Measure all rows inside the child, where torch is imported."""
    from components.evaluate import answers
    from components.evaluate.timing import use_one_thread

    job = AnsweringJob.model_validate_json(text)
    use_one_thread()
    rows, busy = beside(lambda: answers.measured(job), busy_seconds)
    noted = tuple(row.model_copy(update={"busy_cores": busy}) for row in rows)
    (folder / ANSWERING).write_bytes(Rows.dump_json(noted))
