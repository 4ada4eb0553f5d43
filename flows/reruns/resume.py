"""`unroll resume`: an interrupted comparison goes on."""

from components.storage import Home
from flows.reading import reading
from params.schema import Experiment


def resume(id: str | None, home: Home, *, as_json: bool) -> int:
    """Take up a comparison and run it to its end; returns the exit status.

    Args:
        id: What names the comparison, by default the latest that is unfinished.
        home: The folder for everything.
        as_json: Print its comparison.json on stdout.

    Raises:
        InputError: If there is none, it is finished, someone still works at it, or the data
            changed since it began.
    """
    params, wanted = asked_for(id, home)
    from flows.session import Asked, run_all

    asked = Asked(params, ["resume", wanted], take_up=wanted)
    return run_all([asked], home, as_json=as_json)


def asked_for(id: str | None, home: Home) -> tuple[Experiment, str]:
    """The params and the id of the comparison that is meant.

    Raises:
        InputError: If there is none, it is finished, or someone still works at it.
    """
    with reading(home):
        from components.tracking.connection import connected
        from components.tracking.gone import to_take_up
        from components.tracking.resuming import params_of
        from components.tracking.search import comparison_of

        with connected(home.tracking_uri) as client:
            run = to_take_up(client, home, None if id == "latest" else id)
            return params_of(client, run), comparison_of(run)
