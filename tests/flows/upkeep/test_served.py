"""Prefect as `unroll doctor` finds it: configured or not, answering or not."""

import importlib.metadata
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)

from flows import server
from flows.upkeep.served import of_version, prefect, writable


def test_without_a_configured_server_a_temporary_one_is_used() -> None:
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        found = list(prefect())
    assert [one.mark for one in found] == ["ok", "ok"]
    assert found[0].found == "no server is configured; each run starts a temporary one"


def test_where_no_server_is_configured_or_allowed_both_ways_are_named() -> None:
    off = {PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}
    with temporary_settings(off, restore_defaults={PREFECT_API_URL}):
        found = next(iter(prefect()))
    assert found.mark == "wrong"
    assert found.found.endswith("PREFECT_SERVER_EPHEMERAL_ENABLED is off")
    assert found.mend == "set PREFECT_API_URL, or allow a temporary server"


def test_a_server_that_does_not_answer_is_named() -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        found = next(iter(prefect()))
    assert found.mark == "wrong"
    assert found.found.startswith("no Prefect server answers at http://127.0.0.1:9/api (Connect")
    assert found.mend.startswith("start it with `prefect server start`, or unset PREFECT_API_URL")


def test_what_is_said_may_have_semicolons(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise RuntimeError("no route; try again")

    monkeypatch.setattr(server, "get_client", refuse)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        found = next(iter(prefect()))
    assert found.found.endswith("(RuntimeError: no route; try again)")
    assert found.mend.startswith("start it with `prefect server start`, or ")


def test_a_server_of_another_version_is_a_note() -> None:
    ours = importlib.metadata.version("prefect")
    assert of_version("u", ours).found == f"the server at u answers, version {ours}"
    assert of_version("u", f"{ours}.1").mark == "ok"
    other = of_version("u", "2.20.1")
    assert (other.mark, other.found) == (
        "note",
        f"the server at u answers, version 2.20.1, and {ours} is installed here",
    )


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    assert writable(tmp_path / "new" / "folder").mark == "ok"
    (tmp_path / "file").write_text("")
    found = writable(tmp_path / "file" / "prefect")
    assert (found.mark, found.mend) == ("wrong", "set PREFECT_HOME to another")


@pytest.mark.usefixtures("prefect")
def test_a_server_that_answers_says_its_version() -> None:
    found = next(iter(prefect()))
    assert found.mark == "ok"
    assert found.found.endswith(f" answers, version {importlib.metadata.version('prefect')}")
