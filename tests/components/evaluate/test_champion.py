"""A champion answers another test split through its own preprocessing; children are done here."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from components.evaluate import champion, score
from components.evaluate.champion import ChampionJob, evaluate_champion
from components.evaluate.predictions import PREDICTIONS
from components.ingest.series import ingest_series
from components.ingest.text import ingest_text
from components.outputs import Store
from components.predict.pyfunc import ContinuesSeries, LabelsTexts, _load_pyfunc
from components.preprocess import tokens
from components.preprocess.series import preprocess_series
from components.preprocess.text import preprocess_text
from components.records import Epoch, Ingested, Prepared, Trained
from components.train.job import WEIGHTS, TrainingJob
from components.train.networks import RecurrentNetwork
from params.errors import InputError
from params.load import to_yaml
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment

Data = tuple[Ingested, Prepared]


@pytest.fixture(autouse=True)
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Work that belongs in a child is done here, and noted."""
    names = []

    def run(work: Callable[[str, Path], None], job: str, folder: Path) -> None:
        names.append(work.__name__)
        work(job, folder)

    monkeypatch.setattr(champion, "run_in_child", run)
    monkeypatch.setattr(score, "run_in_child", run)
    monkeypatch.setattr(score.placing, "here", score.placing.Placing)
    return names


def data(params: Experiment, store: Store) -> Data:
    if isinstance(params, ForecastExperiment):
        ingested = ingest_series(params.ingest, store)
        return ingested, preprocess_series(ingested, params.preprocess, store)
    ingested = ingest_text(params.ingest, store)
    return ingested, preprocess_text(ingested, params.preprocess, store)


@pytest.fixture
def files(tmp_path: Path, store: Store) -> Callable[[Experiment], Path]:
    """The files of an LSTM with the weights that it began with, as a registered model has them."""

    def make(params: Experiment) -> Path:
        _, prepared = data(params, store)
        folder = tmp_path / "champion"
        folder.mkdir()
        torch.manual_seed(0)
        network = RecurrentNetwork("lstm", params.model, prepared.spec)
        save_file(network.state_dict(), folder / WEIGHTS)
        for path in prepared.path.glob("*.json"):
            shutil.copy(path, folder)
        one = params.model_copy(update={"architectures": ("lstm",), "seeds": (1,)})
        (folder / "params.yaml").write_text(to_yaml(one))
        return folder

    return make


def job(folder: Path, params: Experiment, store: Store) -> ChampionJob:
    ingested, prepared = data(params, store)
    return ChampionJob(
        folder=folder, task=params.task, ingested=ingested, prepared=prepared, num_threads=1
    )


def changed(params: Experiment, section: str, **values: object) -> Experiment:
    found = getattr(params, section).model_copy(update=values)
    return params.model_copy(update={section: found})


def as_a_run(folder: Path, params: Experiment, store: Store) -> Path:
    """What the same network says as a run of a comparison on the data that it is from."""
    ingested, prepared = data(params, store)
    training = TrainingJob(
        task=params.task,
        architecture="lstm",
        seed=1,
        model=params.model,
        train=params.train,
        prepared=prepared,
        num_threads=1,
    )
    trained = Trained(
        path=folder,
        architecture="lstm",
        seed=1,
        num_parameters=1,
        train_seconds=1.0,
        peak_memory_bytes=1,
        best_epoch=1,
        epochs=(Epoch(epoch=1, seconds=1.0, metrics={"val/loss": 0.5}),),
    )
    network = score.NetworkJob(ingested=ingested, training=training, trained=trained)
    return score.evaluate_network(network, store).path


def test_on_its_own_data_it_says_what_its_run_said(
    tiny_imdb: ClassificationExperiment,
    tiny_temperature: ForecastExperiment,
    files: Callable[[Experiment], Path],
    store: Store,
) -> None:
    for params in (tiny_imdb, tiny_temperature):
        folder = files(params)
        said = evaluate_champion(job(folder, params, store), store)
        expected = pd.read_parquet(as_a_run(folder, params, store) / PREDICTIONS)
        pd.testing.assert_frame_equal(
            pd.read_parquet(said.path / PREDICTIONS), expected, check_exact=True
        )
        shutil.rmtree(folder)


def test_texts_that_are_encoded_are_not_tokenised_again(
    tiny_imdb: ClassificationExperiment,
    files: Callable[[Experiment], Path],
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = files(tiny_imdb)
    asked = job(folder, tiny_imdb, store)
    monkeypatch.setattr(tokens, "tokenise_slices", lambda _: pytest.fail("it is known"))
    said = evaluate_champion(asked, store)
    assert len(pd.read_parquet(said.path / PREDICTIONS)) == 16


def test_other_texts_are_read_by_its_own_vocabulary(
    tiny_imdb: ClassificationExperiment,
    files: Callable[[Experiment], Path],
    write_reviews: Callable[..., Path],
    store: Store,
) -> None:
    folder = files(tiny_imdb)
    texts = ["good film", "an awful film, it was", "zebras", "great", "dull and bad", "fine"] * 6
    new = {"text": texts, "label": [1, 0, 0, 1, 0, 1] * 6}
    source = write_reviews("other", train=new, test=new)
    other = changed(tiny_imdb, "ingest", source=str(source))
    other = changed(other, "preprocess", vocab_size=5, max_length=2)
    said = evaluate_champion(job(folder, other, store), store)
    model = _load_pyfunc(str(folder))
    assert isinstance(model, LabelsTexts)
    table = pd.read_parquet(said.path / PREDICTIONS)
    assert table["label"].tolist() == new["label"]
    expected = model.predict(pd.DataFrame(new))["probability"].to_numpy()
    known = np.isfinite(expected)
    assert known.sum() == 30  # all but the zebras, which a run reads as an unknown word
    assert table["probability"].to_numpy()[known] == pytest.approx(expected[known], abs=1e-6)
    right = (table["probability"] >= 0.5) == (table["label"] == 1)
    assert said.metrics["test/accuracy"] == pytest.approx(right.mean())
    own = as_a_run(folder, tiny_imdb, store)
    assert said.path != own


def test_other_days_are_read_by_its_own_scaler_and_context(
    tiny_temperature: ForecastExperiment, files: Callable[[Experiment], Path], store: Store
) -> None:
    folder = files(tiny_temperature)
    other = changed(tiny_temperature, "ingest", num_days=200, seed=7, mean=10.0)
    other = changed(other, "preprocess", context_length=12)
    asked = job(folder, other, store)
    said = evaluate_champion(asked, store)
    table = pd.read_parquet(said.path / PREDICTIONS)
    value = pd.read_parquet(asked.ingested.path / "series.parquet")["value"].to_numpy()
    days = table["day"].to_numpy()
    assert len(days) == asked.prepared.test
    assert table["truth"].tolist() == value[days].tolist()
    model = _load_pyfunc(str(folder))
    assert isinstance(model, ContinuesSeries)
    windows = np.stack([value[day - 5 : day] for day in days])  # its own context
    assert table["forecast"].to_numpy() == pytest.approx(model.predict(windows)[:, 0], abs=1e-5)
    assert said.metrics["test/mae"] == pytest.approx(np.abs(table.forecast - table.truth).mean())
    # In the units of the new comparison, so that the rows of one are in the same.
    assert asked.prepared.scaler is not None
    scaled = said.metrics["test/mae"] / asked.prepared.scaler.scale
    assert said.metrics["test/scaled_mae"] == pytest.approx(scaled)


def test_what_it_said_is_kept_until_something_changes(
    tiny_temperature: ForecastExperiment,
    files: Callable[[Experiment], Path],
    store: Store,
    done: list[str],
) -> None:
    folder = files(tiny_temperature)
    other = changed(tiny_temperature, "ingest", seed=7)
    first = evaluate_champion(job(folder, other, store), store)
    again = evaluate_champion(
        job(folder, other, store).model_copy(update={"num_threads": 2}), store
    )
    assert (first, done) == (again, ["answer"])
    evaluate_champion(job(folder, changed(other, "ingest", seed=8), store), store)
    torch.manual_seed(1)
    _, prepared = data(tiny_temperature, store)
    network = RecurrentNetwork("lstm", tiny_temperature.model, prepared.spec)
    save_file(network.state_dict(), folder / WEIGHTS)
    evaluate_champion(job(folder, other, store), store)
    assert done == ["answer"] * 3


def test_what_it_cannot_answer_is_refused(
    tiny_temperature: ForecastExperiment, files: Callable[[Experiment], Path], store: Store
) -> None:
    folder = files(tiny_temperature)
    further = changed(tiny_temperature, "preprocess", prediction_length=3)
    with pytest.raises(InputError, match=r"^it forecasts 1 days at a time, not 3$"):
        evaluate_champion(job(folder, further, store), store)
    params = (folder / "params.yaml").read_text()
    (folder / "params.yaml").write_text(params.replace("context_length: 5", "context_length: 100"))
    with pytest.raises(InputError, match=r"^it reads 100 days, and 97 precede the test$"):
        evaluate_champion(job(folder, tiny_temperature, store), store)


def test_files_that_are_gone_or_of_another_task_are_refused(
    tiny_temperature: ForecastExperiment,
    tiny_imdb: ClassificationExperiment,
    files: Callable[[Experiment], Path],
    store: Store,
    tmp_path: Path,
) -> None:
    folder = files(tiny_temperature)
    with pytest.raises(InputError, match=r"^its task is forecast, not classification$"):
        evaluate_champion(job(folder, tiny_imdb, store), store)
    with pytest.raises(InputError, match=r"^its files are not at "):
        evaluate_champion(job(tmp_path / "none", tiny_imdb, store), store)
    (folder / "params.yaml").write_text("task: poetry\n")
    with pytest.raises(InputError, match=r"^task must be classification or forecast"):
        evaluate_champion(job(folder, tiny_temperature, store), store)
