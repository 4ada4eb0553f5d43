"""The metrics of each epoch, as soon as it has ended, each once."""

import logging
import threading
import time
from itertools import chain, islice

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
        self.unsent: dict[int, list[Metric]] = {}  # those of an epoch together
        self.told = set[int]()
        self.is_known = not taken_up  # which epochs the run has
        self.begun = threading.Event()  # set as soon as an epoch is logged
        self.next_try = 0.0  # by the monotonic clock

    def __call__(self, event: Event) -> None:
        """Log an event if an epoch ended with it; other events are not kept."""
        if event["kind"] != "epoch":
            return
        if event["epoch"] in self.told:  # told again it would get another time, and be there twice
            return
        epoch = Epoch.model_validate({key: event[key] for key in Epoch.model_fields})
        self.unsent[epoch.epoch] = metrics_of(epoch)
        self.told.add(epoch.epoch)
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
        if not self.is_known:  # asked now that nobody else logs to the run any more
            for step in known_steps(client, self.run_id, TRAIN_LOSS):
                self.unsent.pop(step, None)
                self.told.add(step)
            self.is_known = True
        while self.unsent:
            some = dict(islice(self.unsent.items(), MOST))
            client.log_batch(self.run_id, metrics=list(chain(*some.values())))
            for epoch in some:
                del self.unsent[epoch]
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
