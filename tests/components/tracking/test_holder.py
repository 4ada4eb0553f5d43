"""Who is the champion, and where its files lie; what cannot be told is one line."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.files import file_digest
from components.records import ChampionEvidence, Said
from components.tracking.champion import Candidate, register
from components.tracking.comparison import log_champion
from components.tracking.holder import champion_files, find_champion
from components.tracking.runs import Parent
from components.train.job import WEIGHTS
from params.errors import InputError
from params.schema import ForecastExperiment

NAME = "temperature"


def later(parent: Parent) -> Parent:
    """Another comparison of the same experiment."""
    return parent.model_copy(update={"id": "tiny-2"})


def test_the_champion_is_known_by_what_it_was_registered_with(
    parent: Parent, candidate: Callable[..., Candidate], tiny_temperature: ForecastExperiment
) -> None:
    assert find_champion(later(parent), NAME) is None  # there is no such model
    best = candidate("gru", 3, 0.5)
    register(tiny_temperature, parent, best)
    found = find_champion(later(parent), NAME)
    assert found is not None
    assert (found.version, found.comparison, found.run_id) == ("1", "tiny-1", best.run_id)
    assert (found.architecture, found.seed, found.training) == ("gru", 3, best.job.key)
    assert (found.source, found.fingerprint) == ("a series", "abc123")
    version = parent.tracking.client().get_model_version(NAME, "1")
    moment = datetime.fromisoformat(found.registered)
    assert moment.timestamp() == version.creation_timestamp // 1000
    parent.tracking.client().delete_registered_model_alias(NAME, "champion")
    assert find_champion(later(parent), NAME) is None


def test_its_files_are_those_of_the_model(
    parent: Parent,
    candidate: Callable[..., Candidate],
    tiny_temperature: ForecastExperiment,
    tmp_path: Path,
) -> None:
    best = candidate("gru", 3, 0.5)
    register(tiny_temperature, parent, best)
    found = find_champion(later(parent), NAME)
    assert found is not None
    scratch = tmp_path / "scratch"
    folder = champion_files(parent.tracking, NAME, found, scratch)
    assert {path.name for path in folder.iterdir()} == {"params.yaml", "prepared.json", WEIGHTS}
    assert file_digest(folder / WEIGHTS) == file_digest(best.trained.path / WEIGHTS)
    assert not scratch.exists()  # they lie on this machine
    shutil.rmtree(folder)
    with pytest.raises(InputError, match=r"^the files of version 1 cannot be read: "):
        champion_files(parent.tracking, NAME, found, scratch)


def test_another_ones_model_is_refused(parent: Parent) -> None:
    client = parent.tracking.client()
    client.create_registered_model(NAME)
    client.create_model_version(NAME, "file:///elsewhere/model")
    client.set_registered_model_alias(NAME, "champion", "1")
    with pytest.raises(InputError, match=r"^version 1 of temperature, which has the alias champ"):
        find_champion(parent, NAME)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MlflowException("no model registry"), "no model registry"),
        (ConnectionError("refused"), "refused"),
    ],
)
def test_without_a_registry_it_is_one_line(
    parent: Parent, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(MlflowClient, "get_registered_model", refuse)
    with pytest.raises(InputError, match=f"^MLflow did not say who it is: {said}$"):
        find_champion(parent, NAME)


def test_a_comparison_that_goes_on_is_set_against_the_one_that_it_met_at_first(
    parent: Parent,
    candidate: Callable[..., Candidate],
    tiny_temperature: ForecastExperiment,
    tmp_path: Path,
) -> None:
    """It ended without some runs, and its own best network is the champion now."""
    before = parent.model_copy(update={"id": "tiny-0"})
    register(tiny_temperature, before, candidate("gru", 3, 0.5))
    first = find_champion(parent, NAME)
    assert first is not None
    register(tiny_temperature, parent, candidate("lstm", 1, 0.25))
    assert find_champion(parent, NAME) is None  # it met none
    said = Said(path=tmp_path / "said", truth_digest="", metrics={"test/mae": 1.5})
    said.path.mkdir()
    (said.path / "predictions.parquet").write_text("table")
    log_champion(parent, ChampionEvidence(champion=first, said=said))
    assert find_champion(parent, NAME) == first
    # It goes on, and is the best itself: nothing of the first end is left to be read.
    log_champion(parent, None)
    assert find_champion(parent, NAME) == first
    log_champion(parent.model_copy(update={"taken_up": True}), None)
    assert find_champion(parent, NAME) is None
