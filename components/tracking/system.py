"""CPU, memory and GPU of the machine while a training goes on, by MLflow's own monitors."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.entities import Metric
from mlflow.environment_variables import (
    MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING,
    MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL,
)
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

from components.disk import is_disk_full
from components.tracking.epochs import known_steps
from components.tracking.opening import Tracking

logger = logging.getLogger(__name__)

SHORTEST, LONGEST = 1.0, 10.0  # seconds between two samples; the longest is MLflow's own
EVERYWHERE = "system/cpu_utilization_percentage"  # a metric that every machine has
MOST = 1000  # metrics that MLflow takes at a time
PATIENCE = 1.0  # seconds to wait for a sample that is being sent when a training ends


@contextmanager
def watching(tracking: Tracking, run_id: str, begun: threading.Event) -> Iterator[None]:
    """Log the system metrics of this machine to the run until the block is left, however that is.

    Nothing is sent before `begun` is set, by whatever logs the first epoch: MLflow's charts of
    several runs begin with the metric that came first.

    Samples are a second apart at first, a tenth of the time that has passed later on, and ten
    seconds at most. What they say is of the whole machine: trainings side by side share it.
    `MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING=false` turns them off, and
    `MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL` sets the seconds between two, as they do in MLflow.
    """
    if is_off():
        yield
        return
    over = threading.Event()
    arguments = (tracking, run_id, begun, over)
    thread = threading.Thread(target=sample, args=arguments, name=f"system {run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE)  # a sample that MLflow is slow to take is not waited for


def is_off() -> bool:
    """Whether the user turned system metrics off."""
    switch = MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING
    return bool(switch.is_set() and not switch.get())


def sample(tracking: Tracking, run_id: str, begun: threading.Event, over: threading.Event) -> None:
    """Sample until `over` is set and send once `begun` is, unless something is in the way.

    MLflow's own loop is not used: it asks the server before each sample whether the run goes on,
    and is ended only when the server has answered.
    """
    began = time.monotonic()
    try:
        machine = SystemMetricsMonitor(run_id, tracking_uri=tracking.uri)
        client = tracking.client()
        machine.collect_metrics()  # CPU counts from the last time that it was asked
        # Behind those that a training left before it was interrupted.
        step = 1 + max(known_steps(client, run_id, EVERYWHERE), default=-1)
        unsent = list[Metric]()
        while not over.wait(pause(time.monotonic() - began)):
            for one in machine.monitors:
                one.clear_metrics()
            machine.collect_metrics()
            now, found = int(time.time() * 1000), machine.aggregate_metrics()
            unsent += [Metric(f"system/{key}", value, now, step) for key, value in found.items()]
            step += 1
            if begun.is_set():
                client.log_batch(run_id, metrics=unsent[-MOST:])
                unsent.clear()
    except Exception as error:  # noqa: BLE001 - whatever it is, the training goes on
        if not is_disk_full(error):  # of which one line tells in the end
            logger.warning("no system metrics from here on: %s: %s", type(error).__name__, error)


def pause(passed: float) -> float:
    """Seconds until the next sample when so many have passed."""
    fixed = MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL.get()
    return float(fixed or min(LONGEST, max(SHORTEST, passed / 10)))
