"""What `unroll clean` is asked for, and one thing that can go."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from components.storage import Home
from params.errors import InputError, plural

if TYPE_CHECKING:
    from components.tracking.references import Tracked

AGE = re.compile(r"(\d+(?:\.\d+)?)([mhdw])")
UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}  # seconds
NAMES = (("day", 86400.0), ("hour", 3600.0), ("minute", 60.0))

Kind = Literal["comparison", "files", "report", "output", "partial", "removed"]


@dataclass(frozen=True)
class Wish:
    """What may go: all, or what is as old as that, of those experiments, or of unfinished ones.

    `age` is in seconds since something was last used.
    """

    age: float = 0.0
    experiments: tuple[str, ...] = ()
    unfinished: bool = False

    def of(self, experiment: str | None) -> bool:
        """Whether it may go if it is of that experiment; None stands for nobody's."""
        return not self.experiments or experiment in self.experiments


@dataclass(frozen=True)
class Item:
    """One thing that can go: `paths` are its folders, `used` when it was last used.

    `comparison` is the unfinished one that goes; `output` is what goes of the store, as
    `stage/key`, and `lock` that under which it is made.
    """

    kind: Kind
    name: str
    why: str
    size: int
    used: float
    paths: tuple[Path, ...]
    comparison: "Tracked | None" = None
    output: str = ""
    lock: Path | None = None


def seconds_of(text: str) -> float:
    """The seconds in an age such as `30d`.

    Raises:
        InputError: If it is none.
    """
    match = AGE.fullmatch(text.strip())
    if match is None:
        raise InputError(
            f"--older-than must be a number with m, h, d or w for minutes, hours, days or weeks, "
            f"such as 30d, got {text!r}"
        )
    return float(match[1]) * UNITS[match[2]]


def age(seconds: float) -> str:
    """`41 days`, `3 hours`, in the largest unit of which there is one."""
    for name, unit in NAMES:
        if seconds >= unit:
            return plural(int(seconds // unit), name)
    return "just now"


def require_tracking(home: Home) -> None:
    """See that MLflow's database is there, and that a URL is one that a run could use.

    Raises:
        InputError: If it is not: MLflow would make an empty one, to which nothing is known.
    """
    if home.remote is not None:
        home.remote.require_known()
    if missing := home.missing_database():
        raise InputError(
            f"{missing} is not there, so that nobody knows what in {home.root} is needed; set "
            f"{home.variables} to where the runs are"
        )
