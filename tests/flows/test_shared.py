"""Machines that share their store at a URL: what one of them made, the others have."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from fsspec.registry import known_implementations
from mlflow import MlflowClient
from mlflow.entities import Run

from components.provenance import provenance
from components.records import Comparison
from components.remote import Remote
from components.stopping import stopping
from components.storage import Home, find_home
from components.tracking.gone import end_gone_runs, to_take_up
from components.tracking.owner import HOST
from components.tracking.search import comparison_of, is_comparison
from components.train import worker
from flows import experiment as flow
from flows.experiment import new_context
from flows.reports import newest
from flows.reports.again import report
from flows.reports.newest import open_report
from flows.upkeep.clean import clean
from flows.upkeep.shared import shared
from flows.upkeep.wanted import Wish
from params.errors import InputError
from params.load import load, to_yaml
from params.schema import ForecastExperiment

ROOT = Path(__file__).parents[2]
Machine = Callable[[str], Home]


@pytest.fixture
def bucket() -> Iterator[str]:
    """A bucket of a local S3 server."""
    if not (find_spec("moto") and find_spec("s3fs")):
        pytest.skip("moto[server] or s3fs is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    values = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "something",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in values.items():
                patch.setenv(name, value)
            make_bucket("unroll")
            yield "s3://unroll/home"
    finally:
        server.terminate()
        server.wait()


def make_bucket(name: str) -> None:
    """Make a bucket, as soon as the server answers."""
    import fsspec

    for _ in range(100):
        try:
            fsspec.filesystem("s3").mkdir(name)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("moto's server does not answer")


@pytest.fixture(params=["file", "s3"])
def machine(
    request: pytest.FixtureRequest, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Machine:
    """The home of a machine by its name; all are at one URL, and have one MLflow."""
    url = request.getfixturevalue("bucket") if request.param == "s3" else ""
    monkeypatch.setenv("UNROLL_HOME", url or (tmp_path / "shared").as_uri())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", home.own_tracking_uri)

    def made(name: str) -> Home:
        monkeypatch.setenv("UNROLL_CACHE", str(tmp_path / name))
        return find_home()

    return made


def run(params: ForecastExperiment, home: Home) -> Comparison:
    home.require_writable()
    stopping.clear()  # another test may have ended its children
    worker.preload()
    context = new_context(params, home, fresh=False)
    return flow.run(params, context, provenance(params, ["unroll", "run", params.name]))


@pytest.mark.slow
@pytest.mark.usefixtures("prefect")
def test_a_second_machine_trains_only_what_is_new(
    machine: Machine,
    tiny_temperature: ForecastExperiment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO, "components")
    params = tiny_temperature.model_copy(update={"architectures": ("rnn", "gru")})
    before = run(params, machine("first"))
    (tmp_path / "first").rename(tmp_path / "gone")
    # MLflow's files were with the first machine, which an MLflow server would keep.
    (tmp_path / "first").mkdir()
    (tmp_path / "gone" / "mlartifacts").rename(tmp_path / "first" / "mlartifacts")
    caplog.clear()
    after = run(params.model_copy(update={"seeds": (1, 2)}), machine("second"))
    trained = [one for one in caplog.messages if ": trained in" in one]
    assert {one.split(":")[0] for one in trained} == {"rnn seed 2", "gru seed 2"}
    for name in ("rnn", "gru"):
        then, now = (next(row for row in made.rows if row.name == name) for made in (before, after))
        assert now.metrics["test/mae"].values[0] == then.metrics["test/mae"].values[0]
    third = machine("third")
    assert report(before.id, third) == 0
    again = (third.reports / before.id / "comparison.json").read_text()
    assert Comparison.model_validate_json(again).rows == before.rows
    monkeypatch.setattr(newest, "has_display", lambda: False)
    capsys.readouterr()
    open_report(after.id, third)
    page = Path(capsys.readouterr().out.strip())
    assert page == third.reports / after.id / "report.html"
    assert page.read_bytes() == (tmp_path / "second" / page.relative_to(third.root)).read_bytes()
    first, note = shared(third)
    assert first.found.startswith(f"{third.remote} is writable, with ")
    assert first.found.endswith(f"outputs and 2 reports; copied to {third.root}")
    assert note.mark == "note"
    assert clean(machine("second"), Wish(), yes=True) == 0
    assert len(list(shared(third))) == 2
    assert first == next(shared(third))


LOSES_POWER = """
import os, signal
from pathlib import Path
from components.train.handover import HandOver

def give(self, event, give=HandOver.give):
    give(self, event)
    trained = Path(os.environ["SHARED"], "store/train")
    finished, begun = trained.glob("*/manifest.json"), trained.glob("*.partial/*.ckpt")
    if event["kind"] == "epoch" and event["epoch"] >= 5 and any(finished) and any(begun):
        os.killpg(0, signal.SIGKILL)

HandOver.give = give
from flows.cli import entry
entry()
"""


def kill_midway(params: Path, shared: Path, own: Path, log: Path) -> None:
    """Run an experiment on a machine that loses power after five epochs of its second training."""
    from prefect.settings import PREFECT_API_URL

    places = {"UNROLL_CACHE": str(own), "PYTHONPATH": str(ROOT), "SHARED": str(shared)}
    server = {"PREFECT_API_URL": str(PREFECT_API_URL.value())}
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", LOSES_POWER, "run", str(params)],
            env={**os.environ, **places, **server},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        assert process.wait(timeout=240) == -signal.SIGKILL, log.read_text()


@pytest.mark.slow
@pytest.mark.usefixtures("prefect")
def test_a_comparison_whose_machine_died_begins_anew_elsewhere_and_trains_no_epoch_again(
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tiny_temperature: ForecastExperiment,
) -> None:
    caplog.set_level(logging.INFO, "components")
    file, url = tmp_path / "tiny.yaml", (tmp_path / "shared").as_uri()
    changes = [("architectures", ["rnn", "gru"]), ("resources", {"workers": 1})]
    asked = yaml.safe_load(to_yaml(tiny_temperature)) | dict(changes)
    # One window at a time, so that an epoch takes longer than to put its checkpoint.
    asked["train"] |= {"max_epochs": 12, "patience": None, "batch_size": 1}
    file.write_text(yaml.safe_dump(asked))
    params = load(str(file), [])
    assert isinstance(params, ForecastExperiment)
    monkeypatch.setenv("UNROLL_HOME", url)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", home.own_tracking_uri)
    kill_midway(file, tmp_path / "shared", tmp_path / "first", tmp_path / "log")
    monkeypatch.setenv("UNROLL_CACHE", str(tmp_path / "second"))
    client, second = MlflowClient(home.own_tracking_uri), find_home()
    (dead,) = running(client)
    for run_id in (dead.info.run_id, *(one.info.run_id for one in running(client, trainings=True))):
        client.set_tag(run_id, HOST, "first")  # the machine's name
    dead_id = comparison_of(dead)
    with pytest.raises(InputError, match=f"{dead_id} is still being run by process .* on first"):
        to_take_up(client, second, dead_id)
    with pytest.raises(InputError, match="nothing to take up"):
        to_take_up(client, second, None)
    (finished,) = (tmp_path / "shared/store/train").glob("*/manifest.json")
    (begun,) = (tmp_path / "shared/store/train").glob("*.partial/*.ckpt")
    (tmp_path / "first").rename(tmp_path / "gone")
    made = run(params, second)
    assert made.id != dead_id
    assert {row.name for row in made.rows} >= {"rnn", "gru"}
    assert not made.missing
    said = caplog.messages
    fetched = f"seed 1: fetched from {url}/store/train/{finished.parent.name}"
    assert len([one for one in said if one.endswith(fetched)]) == 1
    (goes_on,) = [one for one in said if "goes on after epoch" in one]
    assert int(goes_on.split()[-1].split("/")[0]) >= int(begun.name.split("-")[1])
    assert len([one for one in said if ": trained in" in one]) == 1
    # Nobody but the first machine can know that its process is gone: until it says so they stay.
    assert [comparison_of(one) for one in running(client)] == [dead_id]
    first = Home(tmp_path / "gone", Remote(url))
    assert comparison_of(to_take_up(client, first, dead_id)) == dead_id
    assert end_gone_runs(client, first) == [dead_id]
    assert running(client, trainings=True) == []


def running(client: MlflowClient, *, trainings: bool = False) -> list[Run]:
    """The comparisons that say RUNNING, or the trainings."""
    ids = [one.experiment_id for one in client.search_experiments()]
    found = client.search_runs(ids, "attributes.status = 'RUNNING'")
    return [run for run in found if is_comparison(run) != trainings]


def test_doctor_names_what_is_wrong_with_the_shared_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    (found,) = shared(Home(tmp_path / "own", Remote((tmp_path / "file").as_uri())))
    assert found.mark == "wrong"
    assert found.found.startswith(
        f"UNROLL_HOME: {(tmp_path / 'file').as_uri()} cannot be written: "
    )
    assert found.mend == "see UNROLL_HOME and the credentials for it"
    assert list(shared(Home(tmp_path))) == []
    bucket = {"class": "no_such_package.Bucket", "err": "Install bucketfs"}
    monkeypatch.setitem(known_implementations, "bucket", bucket)
    (found,) = shared(Home(tmp_path / "own", Remote("bucket://unroll")))
    lacks = "bucket://unroll needs a package that is not there: Install bucketfs"
    assert found.found == f"UNROLL_HOME: {lacks}"
    assert found.mend == "install it, or let UNROLL_HOME name another place"


def test_a_password_does_not_leave_the_process(tmp_path: Path) -> None:
    from flows.context import Placed
    from flows.context import shared as url_of

    home = Home(tmp_path, Remote("ftp://me:secret@host/unroll"))
    placed = Placed(root=home.root, shared=url_of(home))
    assert "secret" not in f"{placed!r} {placed.model_dump_json()}"
    assert placed.home.named == home.named
