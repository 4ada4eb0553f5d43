"""What runs cost beside their quality, in MLflow."""

import logging
import time

from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from components.evaluate.answering import measured_runs
from components.records import Evidence
from components.tracking.opening import Tracking

logger = logging.getLogger(__name__)


def log_costs(tracking: Tracking, evidence: Evidence) -> None:
    """Log what each run cost to make, and how it answers where its row was measured by it.

    An MLflow that does not answer costs no comparison, which has these numbers anyhow.
    """
    client = tracking.client()
    now = int(time.time() * 1000)
    try:
        for run_id, costs in costs_of_runs(evidence).items():
            metrics = [Metric(key, value, now, 0) for key, value in costs.items()]
            client.log_batch(run_id, metrics=metrics)
    except MlflowException as error:
        logger.warning("MLflow took no costs: %s", error)


def costs_of_runs(evidence: Evidence) -> dict[str, dict[str, float]]:
    """By run id and metric key; rows that have no run in MLflow are left out."""
    epoch_seconds: dict[tuple[str, int | None], float] = {
        (run.architecture, run.seed): run.seconds_per_epoch for run in evidence.trained
    }
    costs: dict[str, dict[str, float]] = {}
    for run in evidence.scored:
        if run.run_id is not None:
            costs[run.run_id] = {"cost/peak_memory_bytes": run.peak_memory_bytes}
            if run.kind == "network":
                seconds = epoch_seconds[run.name, run.seed]
                costs[run.run_id]["cost/seconds_per_epoch"] = seconds
    measured = measured_runs(evidence.scored)
    for one in evidence.answering:
        run_id = measured[one.name].run_id
        if run_id is not None:
            costs[run_id] |= {
                "cost/latency_median_ms": 1000 * one.latency_median_seconds,
                "cost/latency_p99_ms": 1000 * one.latency_p99_seconds,
                "cost/throughput": one.throughput,
                "cost/size_bytes": one.size_bytes,
            }
    return costs
