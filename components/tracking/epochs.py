"""The metrics of each epoch, as soon as it has ended, each once."""

import logging
import threading
import time
from itertools import chain

from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from components.disk import is_disk_full
from components.metrics import TRAIN_LOSS
from components.records import Epoch
from components.tracking.opening import Tracking
from components.tracking.patience import patiently
from components.train.worker import Event

logger = logging.getLogger(__name__)

LONG_SECONDS = 5.0  # for a try to send metrics
MOST = 100  # epochs sent at a time; MLflow takes a thousand metrics


class EpochLog:
    """Logs the metrics of each epoch as soon as it has ended.

    An MLflow that does not answer costs no training: what could not be sent is sent with the next
    epoch, or at the end. It is on disk too, in the folder of the training. Sending something again
    of which it is not known whether it arrived changes nothing, since it keeps its time.
    """

    def __init__(self, tracking: Tracking, run_id: str, *, taken_up: bool = False):
        """A log of one run; of one that is taken up, what it has is not logged again."""
        self.tracking = tracking
        self.run_id = run_id
        self.unsent: list[list[Metric]] = []  # those of an epoch together
        self.known: set[int] | None = None if taken_up else set()
        self.begun = threading.Event()  # set as soon as an epoch is logged
        self.next_try = 0.0  # by the monotonic clock

    def __call__(self, event: Event) -> None:
        """Log an event if an epoch ended with it; other events are not kept."""
        if event["kind"] != "epoch":
            return
        if self.known is None:  # asked now that nobody else logs to the run any more
            self.known = known_steps(self.tracking.client(), self.run_id, TRAIN_LOSS)
        if event["epoch"] in self.known:
            return
        epoch = Epoch.model_validate({key: event[key] for key in Epoch.model_fields})
        self.unsent.append(metrics_of(epoch))
        self.known.add(epoch.epoch)  # told again it would get another time, and be there twice
        start = time.monotonic()
        if start < self.next_try:
            return
        try:
            self.send()
        except MlflowException as error:
            if is_disk_full(error):
                raise
            took = time.monotonic() - start
            if took > LONG_SECONDS:  # in which nobody hears of the training: as long a time without
                self.next_try = start + 2 * took
            logger.warning("MLflow took no metrics, they are kept for later: %s", error)

    def send(self) -> None:
        """Send what is not sent yet, in order."""
        client = self.tracking.client()
        while self.unsent:
            client.log_batch(self.run_id, metrics=list(chain(*self.unsent[:MOST])))
            del self.unsent[:MOST]
        self.begun.set()

    def close(self) -> None:
        """Send what is not sent yet, and wait for an MLflow that does not answer."""
        patiently("the metrics of a training", self.send)


def metrics_of(epoch: Epoch) -> list[Metric]:
    """The metrics of a finished epoch, with the epoch as the step and now as the time."""
    now = int(time.time() * 1000)
    values = {**epoch.metrics, "epoch_seconds": epoch.seconds}
    return [Metric(key, value, now, epoch.epoch) for key, value in values.items()]


def known_steps(client: MlflowClient, run_id: str, key: str) -> set[int]:
    """The steps of a metric that the run has. All metrics of one step arrive together."""
    return {one.step for one in client.get_metric_history(run_id, key)}
