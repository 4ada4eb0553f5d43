"""How texts become numbers, and what networks say of new ones."""

from typing import Literal

from components.records.record import Record
from components.records.spread import Spread


class EncodedText(Record):
    """A text beside its numbers, both by their beginnings.

    `words` and `ids` belong together and count from its first word; `row` is the padded row that
    is made of it, `row_words` the words at its places. `num_words` counts all words of the text,
    `num_tokens` the places of the row that are no padding.
    """

    excerpt: str
    words: tuple[str, ...]
    ids: tuple[int, ...]
    row: tuple[int, ...]
    row_words: tuple[str, ...]
    num_words: int
    num_tokens: int


class TextNumbers(Record):
    """How texts become numbers: the most frequent words with their ids, and one training text.

    There is no `example` where texts are not to be shown.
    """

    vocab_size: int
    num_texts: int
    top: tuple[tuple[str, int], ...]
    example: EncodedText | None
    max_length: int
    truncation_side: Literal["start", "end"]
    padding_idx: int
    unknown_idx: int


class NewText(Record):
    """A text that nobody labelled, and the probability of label 1 by the name of each network.

    `num_words` counts the words of it that networks read, `num_known` those of them with an id.
    """

    text: str
    num_words: int
    num_known: int
    said: dict[str, Spread]
