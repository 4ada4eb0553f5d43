"""What is refused before Dask is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from components.storage import Home
from flows.checks import check_can_train
from flows.cluster.needed import require
from params.errors import InputError
from params.load import load

REMOTE = ["resources.cluster=tcp://scheduler:8786"]
LOCAL = ["resources.cluster.local=2"]


@pytest.mark.parametrize("changes", [REMOTE, LOCAL])
def test_without_the_extra_it_says_what_to_install(
    changes: list[str], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prefect_dask", None)  # as if it were not installed
    with pytest.raises(InputError) as refused:
        check_can_train([load("temperature", changes)], home)
    assert str(refused.value) == (
        "resources.cluster needs Dask, which is not installed: pip install 'unroll[cluster]'"
    )


def test_workers_of_other_machines_need_an_mlflow_server(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError) as refused:
        check_can_train([load("temperature", REMOTE)], home)
    assert str(refused.value) == (
        "resources.cluster tcp://scheduler:8786 needs an MLflow server, which its workers log to: "
        "start one with `mlflow server --host 0.0.0.0` and set MLFLOW_TRACKING_URI to an http "
        "address that they reach"
    )
    require(load("temperature", LOCAL).resources, home)  # which share the file
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
    require(load("temperature", REMOTE).resources, home)


@pytest.mark.slow  # it imports everything once more
def test_a_run_without_a_cluster_does_not_import_dask() -> None:
    looked = (
        "import sys, flows.cli, flows.session, flows.experiment, flows.deployments; "
        "print({'dask', 'distributed', 'prefect_dask'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", looked], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert done.stdout == "set()\n"
