"""What the page shows of how texts became numbers is what the networks get."""

from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from components.ingest.text import ingest_text
from components.outputs import Store
from components.preprocess import explain
from components.preprocess.text import preprocess_text
from components.records import EncodedText, Prepared, TextNumbers
from params.load import load
from params.schema import ClassificationExperiment
from params.sections import TextPreprocess

# Both words of a label are in every text of it, so that any split gives the same vocabulary.
TRAIN = {"text": ["Good film, good fun!", "Bad film."] * 2, "label": [1, 0] * 2}
TEST = {"text": ["Good"], "label": [1]}
IDS = {"film": 2, "good": 3, "bad": 4, "fun": 5}
WORDS = list(IDS)


def params(**changes: object) -> TextPreprocess:
    found = load("text_pipeline").preprocess
    assert isinstance(found, TextPreprocess)
    return found.model_copy(update={"max_length": 6, "val_fraction": 0.5} | changes)


def numbers_of(
    write_reviews: Callable[..., Path], store: Store, section: TextPreprocess
) -> tuple[Prepared, TextNumbers]:
    ingest = load("imdb", [f"ingest.source={write_reviews(train=TRAIN, test=TEST)}"]).ingest
    ingested = ingest_text(ingest, store)
    prepared = preprocess_text(ingested, section, store)
    return prepared, explain.read_numbers(prepared.path, excerpts=True)


def test_a_text_on_its_way_to_numbers_to_the_letter(
    write_reviews: Callable[..., Path], store: Store
) -> None:
    prepared, numbers = numbers_of(write_reviews, store, params())
    row = int(load_file(prepared.path / "train.safetensors")["rows"][0])
    assert numbers.top == (("film", 2), ("good", 3), ("bad", 4), ("fun", 5))
    assert (numbers.vocab_size, numbers.num_texts, numbers.max_length) == (4, 2, 6)
    assert (numbers.padding_idx, numbers.unknown_idx, numbers.truncation_side) == (0, 1, "end")
    good = EncodedText(
        excerpt="Good film, good fun!",
        words=("good", "film", "good", "fun"),
        ids=(3, 2, 3, 5),
        row=(3, 2, 3, 5, 0, 0),
        row_words=("good", "film", "good", "fun"),
        num_words=4,
        num_tokens=4,
    )
    bad = EncodedText(
        excerpt="Bad film.",
        words=("bad", "film"),
        ids=(4, 2),
        row=(4, 2, 0, 0, 0, 0),
        row_words=("bad", "film"),
        num_words=2,
        num_tokens=2,
    )
    assert numbers.example == (good, bad)[row % 2]


def test_it_is_the_first_training_text_and_the_row_that_is_trained_on(
    tiny_imdb: ClassificationExperiment, store: Store
) -> None:
    ingested = ingest_text(tiny_imdb.ingest, store)
    prepared = preprocess_text(ingested, tiny_imdb.preprocess, store)
    example = explain.read_numbers(prepared.path, excerpts=True).example
    assert example is not None
    arrays = load_file(prepared.path / "train.safetensors")
    length = int(arrays["lengths"][0])
    assert example.num_tokens == length
    padding = [0] * (tiny_imdb.preprocess.max_length - length)
    assert list(example.row) == [*arrays["token_ids"][:length].tolist(), *padding]


@pytest.mark.parametrize(
    ("side", "row", "row_words"),
    [
        ("start", (5, 1), ("fun", "never")),
        ("end", (3, 2), ("good", "film")),
    ],
)
def test_a_row_begins_where_its_text_is_cut(
    side: str, row: tuple[int, ...], row_words: tuple[str, ...]
) -> None:
    section = params(max_length=2, truncation_side=side)
    found = explain.encoded("Good film: fun, never!", WORDS, section)
    assert (found.row, found.row_words) == (row, row_words)
    assert (found.words, found.ids) == (("good", "film", "fun", "never"), (3, 2, 5, 1))
    assert (found.num_words, found.num_tokens) == (4, 2)


def test_what_is_long_is_shown_by_its_beginning() -> None:
    found = explain.encoded("good " * 400, WORDS, params(max_length=100))
    assert found.excerpt == "good " * 47 + "good…"
    assert (found.words, found.ids) == (("good",) * 15, (3,) * 15)
    assert (found.row, found.row_words) == ((3,) * 15, ("good",) * 15)
    assert (found.num_words, found.num_tokens) == (400, 100)


def test_a_text_without_a_word_is_one_unknown_token() -> None:
    found = explain.encoded("?!", WORDS, params(max_length=3))
    assert (found.words, found.row_words, found.num_words) == ((), (), 0)
    assert (found.row, found.num_tokens) == ((1, 0, 0), 1)


def test_known_words_are_counted_among_those_that_are_read(
    write_reviews: Callable[..., Path], store: Store
) -> None:
    section = params(max_length=3)
    prepared, _ = numbers_of(write_reviews, store, section)
    texts = ["Good film.", "fun zebra", "zebra", "!?", "zebra zebra zebra good good"]
    assert explain.count_known(texts, prepared, section) == [(2, 2), (2, 1), (1, 0), (0, 0), (3, 0)]


def test_without_excerpts_no_text_is_shown(
    write_reviews: Callable[..., Path], store: Store
) -> None:
    prepared, shown = numbers_of(write_reviews, store, params())
    hidden = explain.read_numbers(prepared.path, excerpts=False)
    assert shown.example is not None
    assert hidden == shown.model_copy(update={"example": None})
