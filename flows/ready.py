"""What is made ready as soon as it is known that something is to be trained."""

from components.stopping import stopping
from components.train import worker


def get_ready() -> None:
    """Start the process of which trainings are forked, and import what comes after them.

    What finds nothing to train spends no time on either.
    """
    if not stopping.is_set():  # which it would forget
        worker.preload()
    import components.compare.comparison
    import components.tracking.champion  # noqa: F401
    import flows.reports.writing  # noqa: F401
