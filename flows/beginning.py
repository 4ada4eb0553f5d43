"""The beginning of a comparison: a new one, or one that was interrupted and goes on."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from components.records import ComparisonEvidence, Provenance
from components.tracking import gone, resuming, runs
from components.tracking.comparison import start_comparison
from components.tracking.opening import Tracking
from components.tracking.owner import holding
from components.tracking.runs import Parent
from flows.context import Context
from flows.data import Data
from params.errors import InputError
from params.schema import Experiment

# A child of `components`, so that it goes where the stages' own messages go.
logger = logging.getLogger("components.flows")


@contextmanager
def begun(
    tracking: Tracking, params: Experiment, provenance: Provenance, data: Data, context: Context
) -> Iterator[Parent]:
    """The comparison's run in MLflow, which nobody else works at while the block runs.

    It ends FAILED or KILLED if the block does not get to its end.

    Raises:
        InputError: If the comparison that `context` names cannot be taken up.
    """
    killed = gone.end_gone_runs(tracking.client(), context.home)
    with ExitStack() as stack:
        parent = taken_up(tracking, params, data, context, stack)
        say_interrupted(killed, but=parent.id if parent else "")
        if parent is None:
            stack.enter_context(holding(context.home, context.id))
            its_own = ComparisonEvidence(
                id=context.id,
                ingested=data.ingested,
                prepared=data.prepared,
                provenance=provenance,
                created=context.created,
            )
            parent = start_comparison(tracking, experiment=params, begun=its_own, tags=context.tags)
        stack.enter_context(runs.ending(parent.tracking, parent.run_id))
        yield parent


def say_interrupted(comparisons: Iterable[str], *, but: str = "") -> None:
    """Warn that they were interrupted, `but` for the one that goes on."""
    for one in comparisons:
        if one != but:
            logger.warning("%s was interrupted; `unroll resume %s` takes it up", one, one)


def taken_up(
    tracking: Tracking, params: Experiment, data: Data, context: Context, stack: ExitStack
) -> Parent | None:
    """The comparison that goes on, held as long as `stack` is; None if a new one is to begin.

    Raises:
        InputError: If the one that `context` names cannot.
    """
    client, wanted = tracking.client(), context.take_up
    if context.fresh:
        return None
    if wanted is None:
        found = gone.unfinished(
            client,
            context.home,
            experiment_id=tracking.experiment_id,
            digest=params.digest(),
        )
    else:
        found = gone.to_take_up(client, context.home, wanted)
    if found is None:
        return None
    evidence = resuming.begun(client, found)
    try:
        if evidence is None:
            raise InputError(f"{found.info.run_name} was interrupted before its data were kept")
        require_same_data(data, Data(ingested=evidence.ingested, prepared=evidence.prepared))
        stack.enter_context(holding(context.home, evidence.id))
    except InputError as reason:
        if wanted is not None:
            raise
        logger.info("not taken up: %s", reason)
        return None
    logger.warning("taking up %s, which was interrupted; --fresh begins anew", evidence.id)
    return resuming.take_up_comparison(
        tracking,
        found,
        experiment=params,
        begun=evidence,
        ingested=data.ingested,
        prepared=data.prepared,
    )


def require_same_data(now: Data, then: Data) -> None:
    """See that the data are what they were when the comparison began.

    Raises:
        InputError: If they are not.
    """
    before, after = then.ingested.fingerprint, now.ingested.fingerprint
    if before != after:
        raise InputError(
            f"the data changed since it began, fingerprint {before} -> {after}; run it anew"
        )
    if then.prepared.key != now.prepared.key:
        raise InputError("this version prepares the data otherwise than when it began; run it anew")
