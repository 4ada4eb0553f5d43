"""How a text became numbers, and what the networks say of new ones, as text for the templates."""

from dataclasses import dataclass

from components.records import Comparison, EncodedText, NewText, Spread, TextNumbers
from dashboards.look import Style, styles
from dashboards.wording import DASH, TO, number

DIGITS = 3  # of a probability


@dataclass(frozen=True)
class Token:
    """A word and its id; what is no word, padding and unknown, has a kind of its own."""

    word: str
    id: int
    kind: str = ""


@dataclass(frozen=True)
class Strip:
    """Tokens in a row, and what is said where they break off."""

    tokens: tuple[Token, ...]
    rest: str = ""


@dataclass(frozen=True)
class Example:
    """One text on its way to a padded row, each step as a sentence and a strip of tokens."""

    excerpt: str
    cut: str
    words: Strip
    filled: str
    row: Strip


@dataclass(frozen=True)
class Numbers:
    """The vocabulary, and what becomes of any text and of an example, if there is one."""

    counted: str
    vocabulary: Strip
    any_text: str
    example: Example | None
    padding_idx: int
    unknown_idx: int


@dataclass(frozen=True)
class Said:
    """What one network says of a text: a label, the probability behind it, and its range."""

    label: str
    probability: str
    detail: str


@dataclass(frozen=True)
class Reading:
    """A text that nobody labelled, how much of it is known, and what each network says of it."""

    text: str
    known: str
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Readings:
    """The table of new texts; a column is the label and the style of a network."""

    columns: tuple[tuple[str, Style], ...]
    lines: tuple[Reading, ...]


def numbers(comparison: Comparison) -> Numbers | None:
    """How the texts became numbers; absent where there are none."""
    found = comparison.numbers
    if found is None:
        return None
    return Numbers(
        counted=f"{found.vocab_size:,} different words of the {found.num_texts:,} training texts "
        "have an id, the most frequent first.",
        vocabulary=Strip(
            tuple(Token(word, token_id) for word, token_id in found.top),
            _more(found.vocab_size - len(found.top), "word"),
        ),
        any_text=_any_text(found),
        example=_example(found.example, found) if found.example else None,
        padding_idx=found.padding_idx,
        unknown_idx=found.unknown_idx,
    )


def readings(comparison: Comparison) -> Readings | None:
    """What every network says of the new texts; absent where there are none."""
    if not comparison.new_texts:
        return None
    names = [row.name for row in comparison.rows if row.kind == "network"]
    labels = {row.name: row.label for row in comparison.rows}
    looks = styles(comparison.rows)
    return Readings(
        columns=tuple((labels[name], looks[name]) for name in names),
        lines=tuple(
            Reading(
                text=one.text,
                known=_known(one),
                said=tuple(_said(one.said.get(name)) for name in names),
            )
            for one in comparison.new_texts
        ),
    )


def _more(count: int, what: str) -> str:
    return f"… {count:,} more {what}{'' if count == 1 else 's'}" if count > 0 else ""


def _token(word: str, id: int, found: TextNumbers) -> Token:
    return Token(word, id, "unknown" if id == found.unknown_idx else "")


def _any_text(found: TextNumbers) -> str:
    return (
        f"Of a text the {_side(found)} {found.max_length:,} words are kept; a shorter one is "
        "padded at its end."
    )


def _example(example: EncodedText, found: TextNumbers) -> Example:
    pairs = zip(example.words, example.ids, strict=True)
    return Example(
        excerpt=example.excerpt,
        cut=_cut(example, found),
        words=Strip(
            tuple(_token(word, token_id, found) for word, token_id in pairs),
            _more(example.num_words - len(example.words), "word"),
        ),
        filled=_filled(example, found),
        row=_row(example, found),
    )


def _side(found: TextNumbers) -> str:
    return "first" if found.truncation_side == "end" else "last"


def _cut(example: EncodedText, found: TextNumbers) -> str:
    words = f"{example.num_words:,} word{'' if example.num_words == 1 else 's'}"
    if example.num_words <= found.max_length:
        return f"It has {words}; up to {found.max_length:,} are kept."
    return f"It has {words}, of which the {_side(found)} {found.max_length:,} are kept."


def _filled(example: EncodedText, found: TextNumbers) -> str:
    padding = found.max_length - example.num_tokens
    if padding == 0:
        return f"It fills all {found.max_length:,} places."
    places = f"{padding:,} place{'' if padding == 1 else 's'}"
    return f"The last {places} of {found.max_length:,} hold padding."


def _row(example: EncodedText, found: TextNumbers) -> Strip:
    words = example.row_words or ("",)  # a text without a word is one unknown token
    tokens = [_token(*pair, found) for pair in zip(words, example.row, strict=False)]
    tokens += [Token("", found.padding_idx, "padding")] * (len(example.row) - len(tokens))
    return Strip(tuple(tokens), _more(found.max_length - len(example.row), "place"))


def _known(text: NewText) -> str:
    if text.num_words == 0:
        return "no word in it: read as one unknown word"
    if text.num_known == 0:
        return "no word of it is known: read as unknown words alone"
    return f"{text.num_known:,} of {text.num_words:,} words known"


def _said(spread: Spread | None) -> Said:
    if spread is None:
        return Said(DASH, "", "")
    detail = ""
    if len(spread.values) > 1:
        detail = f"{number(spread.low, DIGITS)} {TO} {number(spread.high, DIGITS)}"
        if spread.low < 0.5 <= spread.high:
            detail += ", seeds disagree"
    label = "positive" if spread.mean >= 0.5 else "negative"
    return Said(label, number(spread.mean, DIGITS), detail)
