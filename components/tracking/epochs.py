"""The metrics of each epoch, as soon as it has ended."""

import logging
import threading
import time
from collections.abc import Iterable

from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from components.records import Epoch
from components.tracking.opening import Tracking
from components.train.worker import Event

logger = logging.getLogger(__name__)


class EpochLog:
    """Logs the metrics of each epoch as soon as it has ended.

    An MLflow that does not answer costs no training: what could not be sent is sent with the next
    epoch, or at the end.
    """

    def __init__(self, tracking: Tracking, run_id: str):
        """A log of one run."""
        self.tracking = tracking
        self.run_id = run_id
        self.unsent: list[Epoch] = []
        self.begun = threading.Event()  # set as soon as an epoch is logged

    def __call__(self, event: Event) -> None:
        """Log an event if an epoch ended with it; other events are not kept."""
        if event["kind"] != "epoch":
            return
        self.unsent.append(Epoch.model_validate({key: event[key] for key in Epoch.model_fields}))
        try:
            self.send()
        except MlflowException as error:
            logger.warning("MLflow took no metrics, they are kept for later: %s", error)

    def send(self) -> None:
        """Send what is not sent yet."""
        log_epochs(self.tracking, self.run_id, self.unsent)
        if self.unsent:
            self.begun.set()
        self.unsent.clear()


def log_epochs(tracking: Tracking, run_id: str, epochs: Iterable[Epoch]) -> None:
    """Log the metrics of finished epochs, with the epoch as the step."""
    now = int(time.time() * 1000)
    batch = [
        Metric(key, value, now, epoch.epoch)
        for epoch in epochs
        for key, value in {**epoch.metrics, "epoch_seconds": epoch.seconds}.items()
    ]
    client = tracking.client()
    for first in range(0, len(batch), 1000):  # MLflow takes a thousand at a time
        client.log_batch(run_id, metrics=batch[first : first + 1000])
