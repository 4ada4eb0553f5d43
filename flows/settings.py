"""What Prefect, MLflow and datasets are told before their import; the user's environment wins."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

DEFAULTS = {
    # Its first start migrates a database, which took 22 s on two cores against a limit of 20.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
    # Block types are registered by a server that people start; a temporary one needs none.
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
    # Our own messages say what happens; Prefect's go to its API, where its UI shows them.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    # A server that is gone is told by us, once.
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "components",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # `datasets` would import torch, which takes three seconds and which only the trainings need.
    "USE_TORCH": "0",
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Standard output is for --json; a server's runs would be announced there as they end.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def set_defaults() -> None:
    """Set what the user has not set."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)


@contextmanager
def few_tries() -> Iterator[None]:
    """Let MLflow's client give up within seconds while the block runs: a person waits for it.

    By default it tries for minutes, which is right in the middle of a training. What the user has
    set stays.
    """
    name = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
    if name in os.environ:
        yield
        return
    os.environ[name] = "2"
    try:
        yield
    finally:
        os.environ.pop(name, None)  # another thread may have ended the same


@contextmanager
def without_heartbeats() -> Iterator[None]:
    """Let flows of this process send no heartbeats while the block runs, unless the user set them.

    A flow waits up to a second at its end for the thread that sends one in three minutes. What
    Prefect starts for a deployment has them still: there, automations look for flows that died.
    """
    from prefect.settings import (
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        get_current_settings,
        temporary_settings,
    )

    if "heartbeat_frequency" in get_current_settings().flows.model_fields_set:
        yield
        return
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
