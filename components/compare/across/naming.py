"""Rows of one architecture or baseline -> what each is called, and what sets it apart."""

from collections.abc import Mapping, Sequence

from components.compare.rows import LABELS, architecture
from components.records import NamedRow

MOST_IN_LABEL = 3  # params; a reader of more of them wants the table of params

Params = Mapping[str, str]


def names(base: str, params: Sequence[Params], homes: Sequence[str]) -> list[NamedRow]:
    """The rows of `base`, called `lstm`, `lstm-2` and so on where there are several.

    Args:
        base: The name of the architecture or baseline.
        params: What each row was made with, by dotted key; no two of them are equal.
        homes: The experiment that each row comes from, for people.
    """
    keys = dict.fromkeys(key for one in params for key in one)
    differing = [key for key in keys if len({one.get(key) for one in params}) > 1]
    rows = []
    for place, (one, home) in enumerate(zip(params, homes, strict=True), start=1):
        changed = {key: one[key] for key in differing if key in one}
        rows.append(
            NamedRow(
                name=base if place == 1 else f"{base}-{place}",
                label=label(LABELS[base], changed, home, unique=homes.count(home) == 1),
                architecture=architecture(base),
                changed=changed,
            )
        )
    return rows


def label(base: str, changed: Params, home: str, *, unique: bool) -> str:
    """`LSTM, train.learning_rate 0.003`; where that would be long, `LSTM of imdb_stacked`.

    Args:
        base: The label of the architecture or baseline.
        changed: The params that set the row apart.
        home: The experiment that it comes from.
        unique: Whether no other row of `base` comes from there.
    """
    if len(changed) > MOST_IN_LABEL and unique:
        return f"{base} of {home}"
    said = [f"{key} {value}" for key, value in changed.items()]
    more = len(said) - MOST_IN_LABEL
    if more > 0:
        said[MOST_IN_LABEL:] = [f"{more} more"]
    return ", ".join([base, *said])
