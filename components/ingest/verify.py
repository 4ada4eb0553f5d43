"""Raw tables of a split -> tables with the columns `text` and `label`, or what is wrong."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from params.errors import InputError

SCHEMA = pa.schema({"text": pa.large_string(), "label": pa.int8()})


def verified(parts: Iterable[pa.Table], split: str) -> Iterator[pa.Table]:
    """Each part as columns `text` (string, a missing one empty) and `label` (int8, 0 or 1).

    What can be said of the whole split alone is said after its last part.

    Args:
        parts: The split, some rows at a time, the text column first.
        split: What it is called.

    Raises:
        InputError: If it has no rows, no text, other labels, or (to train on) only one label.
    """
    num_rows, has_text, labels = 0, False, set()
    for part in parts:
        text_column, label_column = part.column_names
        if part.num_rows == 0:
            continue
        text = verified_text(part.column(text_column), f"column {text_column} of split {split}")
        label = verified_label(
            part.column(label_column).combine_chunks(),
            f"column {label_column} of split {split}",
            num_rows,
        )
        num_rows += part.num_rows
        has_text = has_text or bool(num_texts(text))
        labels |= set(pc.unique(label).to_pylist())
        yield pa.table([text, label], schema=SCHEMA)
    if num_rows == 0:
        raise InputError(f"split {split} has no examples")
    if not has_text:
        raise InputError(f"column {text_column} of split {split} is empty or blank in every row")
    if split == "train" and len(labels) < 2:
        raise InputError(
            f"column {label_column} of split train must hold both 0 and 1, "
            f"got {labels.pop()} in every row"
        )


def num_texts(text: pa.Array) -> int:
    """How many texts are more than blanks."""
    return int(pc.sum(pc.not_equal(pc.utf8_trim_whitespace(text), "")).as_py() or 0)


def verified_text(text: pa.ChunkedArray, called: str) -> pa.Array:
    """The texts as one array, a missing one empty.

    Raises:
        InputError: If they are no texts.
    """
    if text.null_count == len(text):  # of whatever type a reader took nothing for
        text = pa.chunked_array([pa.nulls(len(text), pa.string())])
    if not (pa.types.is_string(text.type) or pa.types.is_large_string(text.type)):
        raise InputError(f"{called} must hold text, got {text.type}")
    # Offsets of 32 bits end at 2 GiB of text.
    return pc.fill_null(text.cast(pa.large_string()), "").combine_chunks()


def verified_label(label: pa.Array, called: str, first: int) -> pa.Array:
    """The labels as 0 or 1 of 8 bits.

    Args:
        label: Of whatever type.
        called: Which column it is of.
        first: The row of its split in which it begins.

    Raises:
        InputError: If one is neither.
    """
    if pa.types.is_nested(label.type):
        raise InputError(f"{called} must hold 0 or 1, got {label.type}")
    word = label.cast(pa.string())
    known = pc.fill_null(pc.is_in(word, pa.array(["0", "1", "false", "true"])), False)
    if not pc.all(known).as_py():
        row = pc.index(known, False).as_py()
        raise InputError(
            f"{called} must hold 0 or 1, got {label[row].as_py()!r} in row {first + row}"
        )
    return pc.is_in(word, pa.array(["1", "true"])).cast(pa.int8())
