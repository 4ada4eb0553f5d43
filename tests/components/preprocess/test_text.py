"""Reviews -> token ids in the store; what is learned of them, and what is not."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from components.ingest.text import ingest_text
from components.outputs import Store
from components.preprocess import text as stage
from components.preprocess.text import preprocess_text
from components.preprocess.vocabulary import VOCABULARY, encode_texts, read_vocabulary
from components.records import Prepared, Truncation
from params.errors import InputError
from params.load import load
from params.schema import ClassificationExperiment
from params.sections import TextPreprocess

# Every word stands in one text only, so that it tells from which part the vocabulary came.
TRAIN = {"text": [f"shared own{i} own{i}" for i in range(10)], "label": [0, 1] * 5}
TEST = {"text": ["shared own0 secret", "!?", "own1 " * 9], "label": [1, 0, 1]}

Write = Callable[..., Path]
Prepare = Callable[..., Prepared]


def params(**changes: object) -> TextPreprocess:
    found = load("imdb").preprocess
    assert isinstance(found, TextPreprocess)
    return found.model_copy(update={"max_length": 4, "val_fraction": 0.2} | changes)


@pytest.fixture
def prepare(write_reviews: Write, store: Store) -> Prepare:
    """Preprocesses splits; each folder gets the name that is given."""

    def run(name: str, train: object = TRAIN, test: object = TEST, **changes: object) -> Prepared:
        folder = write_reviews(name, train=train, test=test)
        ingest = load("imdb", [f"ingest.source={folder}"]).ingest
        return preprocess_text(ingest_text(ingest, store), params(**changes), store)

    return run


def vocabulary(prepared: Prepared) -> list[str]:
    words = json.loads((prepared.path / VOCABULARY).read_text(encoding="utf-8"))
    assert isinstance(words, list)
    return words


def decoded(prepared: Prepared, name: str) -> list[str]:
    """The texts of a split as the networks get them, `?` for an unknown word."""
    words = ["-", "?", *vocabulary(prepared)]
    arrays = load_file(prepared.path / f"{name}.safetensors")
    ends = arrays["lengths"].cumsum()
    assert ends[-1] == len(arrays["token_ids"])
    texts = np.split(arrays["token_ids"], ends[:-1])
    return [" ".join(words[token] for token in text) for text in texts]


def test_splits_and_vocabulary_are_those_written_out(prepare: Prepare) -> None:
    prepared = prepare("one")
    train = load_file(prepared.path / "train.safetensors")
    val = load_file(prepared.path / "val.safetensors")
    assert sorted([*train["rows"], *val["rows"]]) == list(range(10))
    assert (prepared.train, prepared.val, prepared.test) == (8, 2, 3)
    for part in (train, val):
        assert part["labels"].tolist() == [TRAIN["label"][row] for row in part["rows"]]
        assert part["labels"].mean() == 0.5
    own = [f"own{row}" for row in sorted(train["rows"])]
    assert vocabulary(prepared) == ["shared", *own]
    assert decoded(prepared, "train") == [f"shared {word} {word}" for word in own]
    assert decoded(prepared, "val") == ["shared ? ?"] * 2
    assert prepared.spec.num_embeddings == 9 + 2


def test_test_texts_are_encoded_with_the_training_words(prepare: Prepare) -> None:
    prepared = prepare("one")
    known = set(vocabulary(prepared))
    first, second = ("own0" if "own0" in known else "?"), ("own1" if "own1" in known else "?")
    assert decoded(prepared, "test") == [f"shared {first} ?", "?", " ".join([second] * 4)]
    assert load_file(prepared.path / "test.safetensors")["labels"].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("side", "kept"), [("start", "own{0} own{0} end{0}"), ("end", "shared own{0} own{0}")]
)
def test_the_side_that_is_cut_off(side: str, kept: str, prepare: Prepare) -> None:
    train = {**TRAIN, "text": [f"{text} end{i}" for i, text in enumerate(TRAIN["text"])]}
    prepared = prepare("one", train, max_length=3, truncation_side=side)
    rows = load_file(prepared.path / "train.safetensors")["rows"]
    assert decoded(prepared, "train") == [kept.format(row) for row in rows]


@pytest.mark.parametrize("side", ["start", "end"])
def test_new_texts_are_encoded_as_the_test_split_is(side: str, prepare: Prepare) -> None:
    section = params(max_length=4, truncation_side=side)
    prepared = prepare("one", max_length=4, truncation_side=side)
    words = read_vocabulary(prepared.path)
    assert words == vocabulary(prepared)
    token_ids, lengths = encode_texts(TEST["text"], words, section)
    split = load_file(prepared.path / "test.safetensors")
    assert token_ids.tolist() == split["token_ids"].tolist()
    assert lengths.tolist() == split["lengths"].tolist() == [3, 1, 4]


@pytest.mark.parametrize("side", ["start", "end"])
def test_the_words_of_whole_texts_are_counted(side: str, prepare: Prepare) -> None:
    prepared = prepare("one", max_length=2, truncation_side=side)
    assert load_file(prepared.path / "test.safetensors")["num_words"].tolist() == [3, 0, 9]
    assert load_file(prepared.path / "train.safetensors")["num_words"].tolist() == [3] * 8
    assert prepared.truncation == Truncation(max_length=2, side=side)


def test_what_validation_and_test_say_changes_no_vocabulary_entry(prepare: Prepare) -> None:
    one = prepare("one")
    val = set(load_file(one.path / "val.safetensors")["rows"].tolist())
    texts = ["flood " * 9 if row in val else text for row, text in enumerate(TRAIN["text"])]
    other_val = prepare("val", {**TRAIN, "text": texts})
    other_test = prepare("test", test={**TEST, "text": ["flood " * 9] * 3})
    for other in (other_val, other_test):
        assert other.fingerprint != one.fingerprint
        assert vocabulary(other) == vocabulary(one)
        assert decoded(other, "train") == decoded(one, "train")
    assert decoded(other_val, "val") == decoded(other_test, "test")[:2] == ["? ? ? ?"] * 2


def test_what_training_says_does_change_it(prepare: Prepare) -> None:
    train = int(load_file(prepare("one").path / "train.safetensors")["rows"][0])
    texts = ["flood" if row == train else text for row, text in enumerate(TRAIN["text"])]
    assert "flood" in vocabulary(prepare("other", {**TRAIN, "text": texts}))


def test_the_vocabulary_is_cut_to_size(prepare: Prepare) -> None:
    prepared = prepare("one", vocab_size=1)
    assert vocabulary(prepared) == ["shared"]
    assert prepared.spec.num_embeddings == 3
    assert decoded(prepared, "train") == ["shared ? ?"] * 8


def test_the_split_is_balanced_and_by_seed() -> None:
    labels = np.array([0] * 30 + [1] * 10, np.int8)
    train, val = stage.split(labels, 0.2, 0)
    assert (labels[val] == 0).sum() == 6
    assert (labels[val] == 1).sum() == 2
    assert np.array_equal(np.sort([*train, *val]), np.arange(40))
    assert np.array_equal(val, stage.split(labels, 0.2, 0)[1])
    assert not np.array_equal(val, stage.split(labels, 0.2, 1)[1])


@pytest.mark.parametrize(("val_fraction", "label"), [(0.01, 0), (0.99, 0), (0.2, 1)])
def test_a_part_without_a_label_is_refused(val_fraction: float, label: int) -> None:
    labels = np.array([0] * 30 + [1] * 2, np.int8)
    with pytest.raises(InputError) as caught:
        stage.split(labels, val_fraction, 0)
    assert str(caught.value) == (
        f"preprocess.val_fraction {val_fraction} leaves a part of the training split without an "
        f"example of label {label}, of which there are {(30, 2)[label]}"
    )


def test_it_is_reused_until_something_it_depends_on_changes(
    tiny_imdb: ClassificationExperiment, store: Store
) -> None:
    ingested = ingest_text(tiny_imdb.ingest, store)
    section = tiny_imdb.preprocess

    def reused(**changes: object) -> bool:
        return preprocess_text(ingested, section.model_copy(update=changes), store).reused

    assert [reused(), reused(), reused(max_length=9), reused()] == [False, True, False, True]
    assert not preprocess_text(ingested, section, store, fresh=True).reused
