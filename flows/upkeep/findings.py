"""What a check found, and how checks are kept from spoiling each other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Mark = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One thing that was checked: how it is, and how what is wrong can be mended.

    A `note` is worth knowing and hinders nothing.
    """

    mark: Mark
    checked: str
    found: str
    mend: str = ""


Check = Callable[[], Iterable[Finding]]


def good(checked: str, found: str) -> Finding:
    """That something is as it should be."""
    return Finding("ok", checked, found)


def note(checked: str, found: str, mend: str = "") -> Finding:
    """That something is worth knowing."""
    return Finding("note", checked, found, mend)


def wrong(checked: str, found: str, mend: str) -> Finding:
    """That something is wrong, and how to mend it."""
    return Finding("wrong", checked, found, mend)


def isolated(checked: str, check: Check) -> list[Finding]:
    """What `check` finds; if it fails itself, that is what was found, after what it found before.

    Args:
        checked: What it checks.
        check: May raise anything.
    """
    found: list[Finding] = []
    try:
        found.extend(check())
    except Exception as error:  # noqa: BLE001 - whatever is wrong here, the others go on
        said = " ".join(str(error).split()) or "no message"
        reason = f"could not be checked: {type(error).__name__}: {said[:300]}"
        found.append(wrong(checked, reason, "mend what the message names, then check again"))
    return found
