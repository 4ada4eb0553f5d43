"""What is made ready as soon as it is known that something is to be trained."""

from components.stopping import stopping
from components.train import worker


def get_ready() -> None:
    """Start the process of which trainings are forked, and import what comes after them.

    What finds nothing to train spends no time on either.
    """
    worker.preload()
    import flows.reports.writing  # noqa: F401 - its tasks find it there
