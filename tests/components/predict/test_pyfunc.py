"""A finished run as a model that MLflow loads, asked without MLflow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from components.predict.pyfunc import ContinuesSeries, LabelsTexts, _load_pyfunc
from components.predict.series import Forecaster
from components.preprocess.text import PREPARED, VOCABULARY
from components.records import Prepared, SequenceSpec
from components.train.job import WEIGHTS
from components.train.networks import RecurrentNetwork
from params.errors import InputError
from params.load import to_yaml
from params.schema import ClassificationExperiment


@pytest.fixture
def texts(tiny_imdb: ClassificationExperiment, tmp_path: Path) -> Path:
    """The folder of an LSTM with random weights that knows four words."""
    spec = SequenceSpec(num_embeddings=6, input_size=1, output_size=1)
    prepared = Prepared(path=tmp_path, key="k", fingerprint="f", train=1, val=1, test=1, spec=spec)
    torch.manual_seed(0)
    network = RecurrentNetwork("lstm", tiny_imdb.model, spec)
    folder = tmp_path / "run"
    folder.mkdir()
    save_file(network.state_dict(), folder / WEIGHTS)
    (folder / PREPARED).write_text(prepared.model_dump_json())
    (folder / VOCABULARY).write_text('["good", "bad", "film", "the"]')
    own = tiny_imdb.model_copy(update={"architectures": ("lstm",)})
    (folder / "params.yaml").write_text(to_yaml(own))
    return folder


def test_texts_are_labelled_in_order_and_under_their_index(texts: Path) -> None:
    model = _load_pyfunc(str(texts))
    assert isinstance(model, LabelsTexts)
    data = pd.DataFrame({"text": ["the good film", "bad"], "other": [1, 2]}, index=[7, 5])
    found = model.predict(data)
    assert found.index.tolist() == [7, 5]
    assert list(found.columns) == ["label", "probability"]
    assert found["label"].tolist() == (found["probability"] >= 0.5).astype(int).tolist()
    (alone,) = model.predict(data[data["text"] == "bad"])["probability"]
    assert found["probability"].loc[5] == pytest.approx(alone)
    assert found["probability"].loc[7] != pytest.approx(alone)


def test_a_text_that_cannot_be_read_has_no_label(texts: Path) -> None:
    data = pd.DataFrame({"text": ["good", "", None, "zebra"]})
    found = _load_pyfunc(str(texts)).predict(data)
    assert isinstance(found, pd.DataFrame)
    assert found["label"].isna().tolist() == [False, True, True, True]
    assert found["probability"].isna().tolist() == [False, True, True, True]
    with pytest.raises(InputError, match=r"^a column text is needed, got review$"):
        _load_pyfunc(str(texts)).predict(pd.DataFrame({"review": ["good"]}))


def test_windows_are_continued_as_the_forecaster_does(make: Callable[..., Forecaster]) -> None:
    forecaster = make("gru", steps=2)
    windows = np.array([[20.0, 21, 22, 23, 24], [31, 30, 29, 28, 27], [25, 25, 25, 25, 25]])
    found = ContinuesSeries(forecaster).predict(windows)
    assert found.shape == (3, 2)
    for window, forecast in zip(windows, found, strict=True):
        assert forecast == pytest.approx(forecaster.forecast(window, 2), abs=1e-5)
    assert ContinuesSeries(forecaster).predict(pd.DataFrame(windows)) == pytest.approx(found)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([[1.0, 2.0]], r"^every row must have 5 values, got the shape \(1, 2\)$"),
        ([1.0] * 5, r"^every row must have 5 values, got the shape \(5,\)$"),
        ([[1.0, 2.0, float("nan"), 4.0, 5.0]], "^every value must be a finite number$"),
    ],
)
def test_windows_that_cannot_be_read_are_told(
    make: Callable[..., Forecaster], data: object, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        ContinuesSeries(make("gru")).predict(data)
