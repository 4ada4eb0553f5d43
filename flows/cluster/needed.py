"""What can be seen to be wrong with a cluster before it is asked; Dask is not imported."""

from importlib.util import find_spec

from components.storage import Home
from params.errors import InputError
from params.resources import Resources


def require(resources: Resources, home: Home) -> None:
    """See that what a run on a cluster needs is installed and set.

    Raises:
        InputError: If it is not.
    """
    if resources.cluster is None:
        return
    if find_spec("prefect_dask") is None:
        raise InputError(
            "resources.cluster needs Dask, which is not installed: pip install 'unroll[cluster]'"
        )
    if isinstance(resources.cluster, str) and not home.is_tracked_by_server:
        raise InputError(
            f"resources.cluster {resources.cluster} needs an MLflow server, which its workers log "
            "to: start one with `mlflow server --host 0.0.0.0` and set MLFLOW_TRACKING_URI to an "
            "http address that they reach"
        )
