"""Texts through a run's own preprocessing, with weights set by hand."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import save_file

from components.predict.restore import restore
from components.predict.text import Classifier, load_classifier
from components.records import Prepared, SequenceSpec
from components.train.networks import RecurrentNetwork
from params.errors import InputError
from params.schema import ClassificationExperiment
from params.sections import TextPreprocess

WORDS = ["good", "bad"]  # ids 2 and 3
PARAMS = TextPreprocess(
    vocab_size=2, max_length=3, truncation_side="start", val_fraction=0.5, split_seed=0
)


class Balance(torch.nn.Module):
    """The logit of a text: the number of its `good` less that of its `bad`."""

    def forward(self, token_ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        inside = torch.arange(token_ids.shape[1]) < lengths[:, None]
        score = (token_ids == 2).float() - (token_ids == 3).float()
        return (score * inside).sum(1, keepdim=True)


def classifier(side: str = "start") -> Classifier:
    ids = {word: place + 2 for place, word in enumerate(WORDS)}
    params = PARAMS.model_copy(update={"truncation_side": side})
    return Classifier(Balance(), ids, params)  # type: ignore[arg-type]


def test_probabilities_labels_and_what_cannot_be_read() -> None:
    texts = ["Good, GOOD!", "bad", "good bad", "", " \n", "!?", "unheard of", "so good"]
    answers = classifier().answer(pa.array(texts))
    expected = 1 / (1 + np.exp([-2.0, 1, 0, np.nan, np.nan, np.nan, np.nan, -1]))
    np.testing.assert_allclose(answers.probability, expected, atol=1e-7)
    assert answers.unread.tolist() == [False] * 3 + [True] * 4 + [False]
    assert answers.labels()[~answers.unread].tolist() == [1, 0, 1, 1]  # exactly 0.5 is 1
    assert [answers.problem(place) for place in (3, 4, 5, 6)] == [
        *["the text is empty"] * 2,
        *["the text has no known word among those that are read"] * 2,
    ]


@pytest.mark.parametrize(("side", "known"), [("start", [False, True]), ("end", [True, False])])
def test_only_words_that_are_left_after_truncation_count(side: str, known: list[bool]) -> None:
    texts = ["good one two three", "one two three good"]
    assert (~classifier(side).answer(pa.array(texts)).unread).tolist() == known


def test_many_texts_come_back_in_order() -> None:
    texts = ["good " * (place % 4) + "bad" for place in range(1_000)]
    answers = classifier().answer(pa.array(texts))
    # the last three words are read
    score = np.array([{0: -1, 1: 0, 2: 1, 3: 1}[place % 4] for place in range(1_000)])
    np.testing.assert_allclose(answers.probability, 1 / (1 + np.exp(-score)), atol=1e-7)


def test_no_text_has_no_answer() -> None:
    answers = classifier().answer(pa.array([], pa.string()))
    assert (len(answers.probability), len(answers.unread), len(answers.labels())) == (0, 0, 0)


@pytest.fixture
def folder(tmp_path: Path, tiny_imdb: ClassificationExperiment) -> Path:
    """The files that a run leaves."""
    spec = SequenceSpec(num_embeddings=4, input_size=1, output_size=1)
    prepared = Prepared(path=Path(), key="k", fingerprint="f", train=1, val=1, test=1, spec=spec)
    network = RecurrentNetwork("lstm", tiny_imdb.model, spec)
    folder = tmp_path / "run"
    folder.mkdir()
    save_file(network.state_dict(), folder / "weights.safetensors")
    (folder / "prepared.json").write_text(prepared.model_dump_json())
    (folder / "vocabulary.json").write_text(json.dumps(WORDS))
    return folder


def test_a_network_comes_back_as_it_was(folder: Path, tiny_imdb: ClassificationExperiment) -> None:
    dropping = tiny_imdb.model.model_copy(update={"dropout": 0.5})
    params = tiny_imdb.model_copy(update={"model": dropping})
    texts = pa.array(["good bad", "bad"])
    first, second = (load_classifier(folder, "lstm", params) for _ in range(2))
    assert first.ids == {"good": 2, "bad": 3}
    assert first.params == tiny_imdb.preprocess
    assert not first.network.training
    assert first.answer(texts).probability.tolist() == second.answer(texts).probability.tolist()


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("weights.safetensors", None, "a file of the run is missing: "),
        ("weights.safetensors", "no weights", "the weights in * cannot be read: "),
        ("prepared.json", None, "a file of the run is missing: "),
        ("prepared.json", "{}", "*/prepared.json is not readable: path: Field required"),
        ("vocabulary.json", None, "the vocabulary of the run cannot be read: "),
        ("vocabulary.json", "[", "the vocabulary of the run cannot be read: "),
        ("vocabulary.json", "7", "the vocabulary of the run cannot be read: vocabulary.json must"),
        ("vocabulary.json", "[1]", "the vocabulary of the run cannot be read: vocabulary.json "),
        ("vocabulary.json", '["good"]', "the vocabulary of the run, */vocabulary.json, has 1 word"),
    ],
)
def test_a_file_that_is_not_as_it_must_be(
    folder: Path, tiny_imdb: ClassificationExperiment, file: str, content: str | None, said: str
) -> None:
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(InputError) as caught:
        load_classifier(folder, "lstm", tiny_imdb)
    assert str(caught.value).startswith(said.replace("*", str(folder)))


def test_weights_of_another_network(folder: Path, tiny_imdb: ClassificationExperiment) -> None:
    with pytest.raises(InputError, match=r"(?s)^the weights in .* cannot be read: .*backward_cell"):
        restore(folder, "bilstm", tiny_imdb.model)
