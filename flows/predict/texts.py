"""Texts from the command line, from standard input or from a file -> labels and probabilities."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from rich.cells import cell_len, set_cell_size

from components.predict.text import Answers, Classifier
from flows.predict.arguments import Asked
from flows.predict.tables import (
    column_names,
    read_tables,
    require_column,
    standard_input,
    writing,
)
from flows.terminal import note
from params.errors import InputError

TEXT = "text"  # the column that is read where neither --column nor the experiment names one
LABEL, PROBABILITY = "label", "probability"  # the columns that are appended
WORDS = ("negative", "positive")  # what labels 0 and 1 are called


def answer(
    asked: Asked, classifier: Classifier, text_column: str | None, introduce: Callable[[], None]
) -> None:
    """Print or write what `classifier` says; `introduce` is called before the first answer.

    Raises:
        InputError: If a text cannot be answered, or the file is not as it must be.
    """
    if asked.file is not None:
        skipped = answer_file(asked, classifier, asked.column or text_column or TEXT, introduce)
    elif asked.streams:
        introduce()
        skipped = answer_lines(classifier, skip=asked.skip)
    else:
        skipped = 0
        answer_texts(classifier, asked.texts, introduce)
    if asked.skip:
        note(f"{skipped:,} without a label: empty, or no known word among those that are read")


def answer_texts(
    classifier: Classifier, texts: tuple[str, ...], introduce: Callable[[], None]
) -> None:
    """Print a line for each text, if all of them can be answered.

    Raises:
        InputError: If one cannot.
    """
    for number, text in enumerate(texts, 1):
        if not is_text(text):
            raise InputError(f"text {number}: it is not UTF-8")
    answers = classifier.answer(pa.array(texts, pa.string()))
    require_all(answers, "text", 1)
    introduce()
    for place, text in enumerate(texts):
        show(answers, place, text)


def answer_lines(classifier: Classifier, *, skip: bool) -> int:
    """Print a line for each line of standard input before the next is read.

    Returns how many could not be answered.

    Raises:
        InputError: If a line is no text, or cannot be answered and is not to be skipped.
    """
    skipped = 0
    for number, line in enumerate(standard_input(), 1):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            raise InputError(f"line {number} of standard input: it is not UTF-8") from None
        answers = classifier.answer(pa.array([text], pa.string()))
        if not skip:
            require_all(answers, "line", number, " of standard input")
        skipped += int(answers.unread.sum())
        show(answers, 0, text)
    return skipped


def answer_file(
    asked: Asked, classifier: Classifier, column: str, introduce: Callable[[], None]
) -> int:
    """Write the rows of the file with a label, 0 or 1, and the probability of 1 appended to each.

    Returns how many could not be answered.

    Raises:
        InputError: If the file has no such column or has one of those that are appended, or if a
            row cannot be answered and is not to be skipped.
    """
    assert asked.file is not None
    path = asked.file
    names = column_names(path)
    require_column(column, names, path)
    for taken in (LABEL, PROBABILITY):
        if taken in names:
            raise InputError(f"{path} has a column {taken} already; rename it or leave it out")
    skipped = num_rows = 0
    with writing(asked.output) as write:
        for table in read_tables(path):
            answers = classifier.answer(as_texts(table, column, path))
            if not asked.skip:
                require_all(answers, "row", num_rows + 1, f" of {path}")
            if num_rows == 0:
                introduce()
            write(with_answers(table, answers))
            skipped += int(answers.unread.sum())
            num_rows += len(table)
    return skipped


def as_texts(table: pa.Table, column: str, path: Path) -> pa.Array:
    """The texts of a column; what is missing is an empty text.

    Raises:
        InputError: If the column holds something else.
    """
    found = table[column]
    kind = found.type.value_type if pa.types.is_dictionary(found.type) else found.type
    is_string = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not (is_string or pa.types.is_string_view(kind) or pa.types.is_null(kind)):
        raise InputError(f"column {column} of {path} must hold text, got {kind}")
    return found.cast(pa.large_string()).fill_null("").combine_chunks()


def with_answers(table: pa.Table, answers: Answers) -> pa.Table:
    """The table with the two columns appended, empty where a text could not be answered."""
    unread = answers.unread
    labelled = table.append_column(LABEL, pa.array(answers.labels(), mask=unread))
    return labelled.append_column(PROBABILITY, pa.array(answers.probability, mask=unread))


def require_all(answers: Answers, what: str, first: int, of: str = "") -> None:
    """See that every text is answered; a message begins with `what`, its number and `of`.

    Raises:
        InputError: For the first that is not.
    """
    unread = np.flatnonzero(answers.unread)
    if len(unread):
        place = int(unread[0])
        raise InputError(f"{what} {first + place}{of}: {answers.problem(place)}")


def show(answers: Answers, place: int, text: str) -> None:
    """Print `positive  0.973  the text`, on a terminal no longer than a line of it."""
    said = f"{'':8}  {'':5}"
    if not answers.unread[place]:
        word = WORDS[answers.labels()[place]]
        said = f"{word}  {answers.probability[place]:.3f}"
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    line = f"{said}  {' '.join(printable.split())}".rstrip()
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        if cell_len(line) > width:
            line = set_cell_size(line, width - 1) + "…"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def is_text(text: str) -> bool:
    """Whether an argument was text; Python hands on bytes that are none as lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
