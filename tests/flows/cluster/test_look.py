"""What a machine of a cluster says of itself."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from components.storage import Home
from components.tracking.opening import Tracking, open_tracking
from flows.cluster import look
from flows.cluster.look import Question, differing, versions
from flows.cluster.paths import ID
from params.errors import InputError
from params.resources import Resources


def test_every_version_that_differs_is_named() -> None:
    here = versions()
    assert differing(here, here) is None
    assert here["Python"].count(".") == 1
    assert differing({**here, "torch": "1.0", "Python": "3.1"}, here) == (
        f"has Python 3.1 (here {here['Python']}), torch 1.0 (here {here['torch']}); "
        "install the same on all machines and start it anew"
    )


def test_a_change_of_any_module_is_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flows" / "cluster").mkdir(parents=True)
    module = tmp_path / "flows" / "cluster" / "look.py"
    monkeypatch.setattr(look, "__file__", str(module))
    digests = set()
    for text in ("a = 1", "a = 2"):
        module.write_text(text)
        digests.add(look.code_digest())
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "b.py").write_text("a = 2")
    digests.add(look.code_digest())
    assert len(digests) == 3


@pytest.mark.slow
def test_what_a_worker_does_not_reach_is_said_with_what_to_set(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "see_devices", lambda _: None)
    tracking = open_tracking(home, "tiny")
    question = Question(
        root=home.root,
        id="abc",
        tracking=tracking,
        experiment="tiny",
        flow_run=uuid4(),
        resources=Resources(),
    )

    def said(changed: Question) -> str:
        nobody = {"settings_context": None}
        return asyncio.run(look.look(changed, nobody)) or ""

    assert said(question).startswith(f"does not see the output folder at {home.root}; UNROLL_HOME")
    (home.root / ID).write_text("abc")
    others = question.model_copy(update={"experiment": "another"})
    assert said(others).startswith("does not reach MLflow at ")
    assert "(it has no another); MLFLOW_TRACKING_URI must be" in said(others)
    secret = tracking.model_copy(update={"uri": "http://me:secret@127.0.0.1:1"})
    told = said(question.model_copy(update={"tracking": secret}))
    assert "API request to http://me:***@127.0.0.1:1/" in told
    assert "secret" not in told
    away = tracking.model_copy(update={"uri": "http://127.0.0.1:1"})
    assert "does not reach MLflow at http://127.0.0.1:1 (MlflowException" in said(
        question.model_copy(update={"tracking": away})
    )
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        assert said(question).startswith(
            "does not reach the Prefect server at http://127.0.0.1:1/api (ConnectError"
        )


def test_what_is_wrong_with_a_worker_is_said_of_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from components.train import placing

    question = Question(
        root=home.root,
        id="abc",
        tracking=Tracking(uri="", experiment_id=""),
        experiment="tiny",
        flow_run=uuid4(),
        resources=Resources(precision="16-mixed"),
    )
    monkeypatch.setattr(placing, "here", placing.Placing)
    with pytest.raises(InputError) as refused:
        look.see_devices(question)
    assert str(refused.value) == (
        "cannot train: resources.precision 16-mixed needs a GPU, and none is here; take "
        "bf16-mixed or 32-true"
    )

    def touch(_: Path) -> None:
        raise OSError(30, "Read-only file system")

    (home.root / ID).write_text("abc")
    monkeypatch.setattr(Path, "touch", touch)
    with pytest.raises(InputError, match=r"^cannot use the output folder: the output folder /"):
        look.see_store(question)
    assert look.in_words("has no MLflow") == "has no MLflow"
    assert look.in_words(TimeoutError("late")) == "could not be asked (TimeoutError: late)"
