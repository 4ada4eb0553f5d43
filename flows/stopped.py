"""A flow that is stopped: nothing that it started outlives it, and Prefect says why it ended."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelled

from components.stopping import stopping
from components.train import worker
from flows.told import interrupted_elsewhere


@contextmanager
def stopping_children() -> Iterator[None]:
    """End every child when the block is left by an exception, Ctrl-C included."""
    try:
        yield
    except BaseException as error:  # Ctrl-C too: a child must not outlive its comparison
        if not isinstance(error, Exception):
            interrupted_elsewhere()
        worker.stop_all()
        raise


def say_cancelled(flow_run: FlowRun, message: str) -> None:
    """Say of a flow run that it is cancelled, if that is why it ends."""
    if stopping.is_set():
        with get_client(sync_client=True) as client:
            said: State[None] = Cancelled(message=message)
            client.set_flow_run_state(flow_run.id, said, force=True)
