"""Whether a scheduler answers, asked once, before anything that takes long is begun."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from distributed import Security, rpc

from flows.cluster.look import shortly
from params.errors import InputError

ANSWER_SECONDS = 10.0
MEND = "mend resources.cluster, in the params file or by --set"


def require_scheduler(address: str) -> None:
    """See that a Dask scheduler answers there; Dask's own client would wait for minutes.

    Raises:
        InputError: If none does within some seconds, or something else does.
    """
    try:
        told = asyncio.run(asyncio.wait_for(identity(address), ANSWER_SECONDS))
    except TimeoutError:
        said = f"nothing was said within {ANSWER_SECONDS:g} s"
        raise InputError(unanswered(address, said)) from None
    except Exception as error:  # noqa: BLE001 - whatever Dask makes of what another server says
        if isinstance(error, TypeError) and address.startswith("tls:"):  # it has no certificates
            raise InputError(
                f"the Dask scheduler at {address} cannot be asked ({shortly(error)}); give the "
                "certificates in Dask's own configuration, at distributed.comm.tls"
            ) from None
        raise InputError(unanswered(address, shortly(error))) from None
    kind = str(told.get("type"))
    if kind != "Scheduler":
        raise InputError(f"what answers at {address} is no Dask scheduler but a {kind}; {MEND}")


def unanswered(address: str, said: str) -> str:
    """What a person is told of an address where no scheduler is, for which `said` speaks."""
    return (
        f"no Dask scheduler answers at {address} ({said}); start one with `dask scheduler`, or "
        f"{MEND}"
    )


class Unwaited(ThreadPoolExecutor):
    """Does what would block in threads that nobody waits for, not even Python at its end."""

    def submit(  # type: ignore[override]  # asyncio gives no keywords
        self, do: Callable[..., Any], /, *given: object
    ) -> Future[Any]:
        """What comes of it."""
        coming = Future[Any]()
        coming.set_running_or_notify_cancel()  # so that it is not cancelled

        def work() -> None:
            try:
                coming.set_result(do(*given))
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                coming.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return coming


async def identity(address: str) -> dict[str, Any]:  # Any: what Dask tells of itself
    """What says of itself who listens there."""
    # The name is looked up in a thread, which takes minutes where no name server answers.
    asyncio.get_running_loop().set_default_executor(Unwaited())
    secrets = Security().get_connection_args("client")
    async with rpc(address, timeout=ANSWER_SECONDS, connection_args=secrets) as there:
        return dict(await there.identity())
