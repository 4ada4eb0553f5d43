"""The one error that means: the user can mend this."""

import json
import re
from collections.abc import Sequence

MOST_NAMED = 5  # of the names that a message lists
UP_TO_AT = re.compile(r'(?<=")(?:[^"\\]|\\.)*@')  # in a string of JSON


class InputError(ValueError):
    """Input that a person gave is wrong; the message alone must be enough to mend it.

    The command line prints the message as one line and exits with status 2. Every other exception
    is a failure or a bug of ours.
    """


def listed(names: Sequence[str]) -> str:
    """The first few of `names` for a message, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def plural(number: int, one: str, many: str = "") -> str:
    """`1 run`, `2 runs`; `many` where it is no `s` that makes the difference."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def safe_json(value: object) -> str:
    """A value as JSON for a message, where something in it may be an address with a password."""
    return UP_TO_AT.sub("***@", json.dumps(value, default=str))
