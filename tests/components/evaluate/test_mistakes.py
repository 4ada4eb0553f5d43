"""The most confident mistakes of a run, with the piece of each text that networks read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.evaluate import mistakes
from components.evaluate.mistakes import (
    excerpts,
    kept,
    most_confident,
    read_mistakes,
    write_mistakes,
)
from components.ingest.text import ingest_text
from components.outputs import Store
from components.preprocess.text import preprocess_text
from components.records import Ingested, Prepared, Truncation
from params.schema import ClassificationExperiment


def cut(text: str, max_length: int, side: str) -> str:
    (found,) = excerpts([text], Truncation(max_length=max_length, side=side))
    return found


def test_mistakes_are_ordered_by_how_sure_they_were() -> None:
    label = np.array([0, 1, 0, 1, 1, 0], np.int8)
    probability = np.array([0.6, 0.1, 0.4, 0.49, 0.9, 0.9])
    assert most_confident(probability, label).tolist() == [1, 5, 0, 3]
    # Exactly 0.5 counts as label 1; equals come in order.
    half = np.full(6, 0.5)
    assert most_confident(half, label).tolist() == [0, 2, 5]


@pytest.mark.parametrize(
    ("max_length", "side", "shown"),
    [
        (5, "start", "…well-made don’t!! 7/10"),
        (4, "start", "…don’t!! 7/10"),  # `well-made` are two words, one of which is not read
        (3, "start", "…don’t!! 7/10"),
        (2, "start", "…7/10"),
        (1, "start", "…7/10"),  # two words too, but something must be shown
        (2, "end", "One -- two…"),
        (8, "end", "One -- two three well-made don’t!! 7/10"),
        (8, "start", "One -- two three well-made don’t!! 7/10"),
        (7, "end", "One -- two three well-made don’t!!…"),
    ],
)
def test_an_excerpt_has_the_words_that_are_read(max_length: int, side: str, shown: str) -> None:
    text = "One -- two<br /><br />three well-made\n don’t!! 7/10 "
    assert cut(text, max_length, side) == shown


def test_a_long_excerpt_is_cut_at_a_word() -> None:
    text = "begin " + "word " * 400 + "final"
    end, start = cut(text, 1_000, "start"), cut(text, 1_000, "end")
    assert end == "…" + "word " * 58 + "final"
    assert start == "begin " + "word " * 57 + "word…"
    assert (len(end), len(start)) == (296, 296)


def test_what_has_no_end_is_broken_and_nothing_is_nothing() -> None:
    assert cut("x" * 400, 10, "start") == "…" + "x" * 299
    assert cut("x" * 400, 10, "end") == "x" * 299 + "…"
    assert cut("x" * 299, 10, "end") == "x" * 299
    assert cut("", 10, "end") == ""
    assert cut("a " * 600, 1_000, "start") == "…" + " ".join("a" * 150)
    assert excerpts([], Truncation(max_length=1, side="end")) == []


@pytest.fixture
def data(tiny_imdb: ClassificationExperiment, store: Store) -> tuple[Ingested, Prepared]:
    ingested = ingest_text(tiny_imdb.ingest, store)
    return ingested, preprocess_text(ingested, tiny_imdb.preprocess, store)


def predictions(wrong: list[int]) -> pd.DataFrame:
    label = np.arange(16) % 2
    sure = 0.51 + np.arange(16) / 100  # a later text is more certain
    said = np.isin(np.arange(16), wrong) != (label == 1)
    probability = np.where(said, sure, 1 - sure)
    columns = {"row": np.arange(16), "label": label, "probability": probability}
    return pd.DataFrame({**columns, "num_words": np.arange(16) + 100})


def test_a_run_keeps_its_mistakes_with_their_texts(
    data: tuple[Ingested, Prepared], tmp_path: Path
) -> None:
    ingested, prepared = data
    write_mistakes(predictions([3, 9, 12]), ingested, prepared, tmp_path)
    table = pd.read_parquet(tmp_path / mistakes.MISTAKES)
    assert table["row"].tolist() == [12, 9, 3]
    assert table["label"].tolist() == [0, 1, 1]
    assert table["probability"].tolist() == pytest.approx([0.63, 0.40, 0.46])
    assert table["num_words"].tolist() == [112, 109, 103]
    texts = pd.read_parquet(ingested.path / "test.parquet")["text"]
    for row, shown in zip(table["row"], table["excerpt"], strict=True):
        words = texts[row].split()  # the tiny experiment reads the last ten
        read = " ".join(words[-10:])
        assert shown == (read if len(words) <= 10 else f"…{read}")


def test_of_many_mistakes_the_most_confident_are_kept_and_some_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mistakes, "MOST_CONFIDENT", 3)
    monkeypatch.setattr(mistakes, "MOST_OTHERS", 4)
    assert kept(np.arange(16)).tolist() == [0, 1, 2, 3, 7, 11, 15]
    assert kept(np.arange(17)).tolist() == [0, 1, 2, 3, 7, 11, 16]
    for number in range(8):
        assert kept(np.arange(number)).tolist() == list(range(number))


def test_mistakes_of_several_runs_are_read_one_after_another(
    data: tuple[Ingested, Prepared], tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("one", "none", "old", "two")]
    for folder, wrong in zip(folders, ([3, 9], [], None, [9]), strict=True):
        folder.mkdir()
        if wrong is not None:  # an earlier version left no such file
            write_mistakes(predictions(wrong), *data, folder)
    found = read_mistakes(folders)
    assert found.row.tolist() == [9, 3, 9]
    assert found.num_words.tolist() == [109, 103, 109]
    assert found.excerpt(0) == found.excerpt(2) != found.excerpt(1)
