"""Texts -> words -> ids."""

import os
import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from components.preprocess import tokens
from components.preprocess.tokens import UNKNOWN_IDX, Words


def words_of(words: Words) -> list[list[str]]:
    """The words of each text, spelled out."""
    return [
        [words.dictionary[code] for code in words.codes[start:end]]
        for start, end in zip(words.offsets[:-1], words.offsets[1:], strict=True)
    ]


def naive(text: str) -> list[str]:
    """The words of one text, one character at a time."""
    text = text.lower().replace("<br />", " ").replace("’", "'")
    joined = "".join(c if c.isalnum() or c in "'\u0301" else " " for c in text)
    return [word for word in (run.strip("'") for run in joined.split()) if word]


def tokenise(*texts: str) -> list[list[str]]:
    return words_of(tokens.tokenise(pa.array(texts, pa.large_string())))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't LIKE it.", "i don't like it"),
        ("'quoted' words, 'tis the dogs'", "quoted words tis the dogs"),
        ("rock 'n' roll o'clock's", "rock n roll o'clock's"),
        ("don’t “curl” ‘these’ quotes", "don't curl these quotes"),
        ("one<br /><br />two<br />", "one two"),
        ("a<b>c</b>", "a b c b"),
        ("10/10, 2.5 stars in 1999", "10 10 2 5 stars in 1999"),
        ("Café naïve STRASSE Ångström", "café naïve strasse ångström"),
        ("cafe\u0301 with a combining accent", "cafe\u0301 with a combining accent"),
        ("Война и мир 戦争", "война и мир 戦争"),
        ("well-known, under_score; semi…", "well known under score semi"),
        ("tab\tnew\nline\u00a0space", "tab new line space"),
        ("'' ' ''' !?", ""),
        ("", ""),
        ("   ", ""),
    ],
)
def test_worked_examples(text: str, words: str) -> None:
    assert tokenise(text) == [words.split()]
    assert naive(text) == words.split()


def test_a_plain_text_has_the_same_words_alone_and_beside_others() -> None:
    every = "".join(map(chr, range(128)))
    for text in (every, "it's 1 \u212a", "don’t"):  # plain in lower case, plain but for a quote
        alone = tokenise(text)
        assert alone == tokenise(text, "é")[:1]
        assert alone == [naive(text)]


def test_texts_keep_their_words_apart() -> None:
    texts = ["one two", "", "''", "two two three", ""]
    assert tokenise(*texts) == [["one", "two"], [], [], ["two", "two", "three"], []]


def random_texts(number: int) -> list[str]:
    random = np.random.default_rng(0)
    pieces = [
        *("a", "B", "Zoë", "don't", "'", "''", "’", " ", "  ", "\n", "<br />", "<", ".", "-", "_"),
        *("7", "x2", "é", "e\u0301", "ß", "Ω", "日本", "🎬", "\u00a0", "\u2028", '"', "&amp;"),
    ]
    return ["".join(random.choice(pieces, random.integers(0, 25))) for _ in range(number)]


def test_it_agrees_with_one_character_at_a_time() -> None:
    texts = random_texts(2_000)
    assert tokenise(*texts) == [naive(text) for text in texts]


@pytest.mark.parametrize("size", [1, 7, 64, 5_000])
def test_slices_give_what_the_whole_gives(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.array(random_texts(300), pa.large_string())
    whole = tokens.tokenise(texts)
    monkeypatch.setattr(tokens, "SLICE", size)
    slices = list(tokens.tokenise_slices(texts))
    assert len(slices) == -(-300 // size)
    assert [text for words in slices for text in words_of(words)] == words_of(whole)
    assert tokens.count(slices) == tokens.count([whole])


def test_few_slices_are_in_memory_on_however_many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)))
    made = 0

    def slices() -> Iterator[pa.Array]:
        nonlocal made
        for _ in range(50):
            made += 1
            yield pa.array(["a b"], pa.large_string())

    most = [made - read for read, _ in enumerate(tokens.side_by_side(slices()))]
    assert len(most) == 50
    assert max(most) <= tokens.MOST_SLICES + 1


def test_a_slice_of_a_column_is_read_from_its_own_start() -> None:
    texts = pa.array(["one", "two words", "three"], pa.large_string())
    assert words_of(tokens.tokenise(texts.slice(1, 1))) == [["two", "words"]]
    assert words_of(tokens.tokenise(texts.slice(0, 0))) == []


def test_counts_are_those_of_a_plain_loop() -> None:
    texts = random_texts(200)
    expected = Counter(word for text in texts for word in re.findall(r"\S+", " ".join(naive(text))))
    assert tokens.count([tokens.tokenise(pa.array(texts, pa.large_string()))]) == expected


def test_the_vocabulary_is_ordered_by_frequency_then_alphabet() -> None:
    counts = {"b": 2, "a": 2, "rare": 1, "often": 9, "é": 2, "also": 1}
    assert tokens.vocabulary(counts, 10) == ["often", "a", "b", "é", "also", "rare"]
    assert tokens.vocabulary(counts, 2) == ["often", "a"]
    assert tokens.vocabulary({}, 2) == []


def test_unknown_words_share_an_id() -> None:
    words = tokens.tokenise(pa.array(["b a zzz", "a", "yyy"], pa.large_string()))
    assert tokens.encode(words, {"a": 2, "b": 3}).tolist() == [3, 2, UNKNOWN_IDX, 2, UNKNOWN_IDX]
    nothing = tokens.tokenise(pa.array([""], pa.large_string()))
    assert tokens.encode(nothing, {"a": 2}).tolist() == []


@pytest.mark.parametrize(
    ("max_length", "side", "expected"),
    [
        (1, "start", [[4], [1], [6], [9]]),
        (2, "start", [[3, 4], [1], [5, 6], [8, 9]]),
        (2, "end", [[2, 3], [1], [5, 6], [7, 8]]),
        (3, "start", [[2, 3, 4], [1], [5, 6], [7, 8, 9]]),
        (9, "end", [[2, 3, 4], [1], [5, 6], [7, 8, 9]]),
    ],
)
def test_truncation_at_either_side(max_length: int, side: str, expected: list[list[int]]) -> None:
    ids = np.array([2, 3, 4, 5, 6, 7, 8, 9], np.int32)
    offsets = np.array([0, 3, 3, 5, 8])
    kept, lengths = tokens.truncate(ids, offsets, max_length, side)
    assert lengths.tolist() == [len(text) for text in expected]
    assert kept.tolist() == [token for text in expected for token in text]
    assert kept.dtype == np.int32
