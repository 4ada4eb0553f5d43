"""What lies in a store: outputs and folders that were being filled; and what was being removed."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components import usage
from components.files import REMOVED
from components.outputs import FETCHING, KEY
from components.storage import Home

CHECKPOINTS = "epoch-*.ckpt"  # from which an interrupted training goes on

Kind = Literal["output", "partial", "removed"]


@dataclass(frozen=True)
class Stored:
    """A folder of a store, or one that was being removed, also from among reports or runs' files.

    `used` is when it was last used or written to, in seconds since 1970.
    """

    path: Path
    kind: Kind
    size: int
    used: float

    @property
    def name(self) -> str:
        """`train/1824dede80391737`, as runs name the output that it is or would become."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def lock(self) -> Path:
        """The lock of the output that it is or would become."""
        return self.path.with_suffix(".lock")

    @property
    def can_go_on(self) -> bool:
        """Whether a training can be taken up from what is there."""
        return self.kind == "partial" and any(self.path.glob(CHECKPOINTS))


def inventory(home: Home) -> Iterator[Stored]:
    """Every folder of the store that is ours, stage by stage, then what was being removed.

    What else lies there is left alone, and a folder that vanishes meanwhile is passed over.
    """
    for path in folders(home):
        kind = kind_of(path)
        if kind is not None:
            with suppress(FileNotFoundError):
                size, written = measure(path)
                moment = usage.used(path) if kind == "output" else written
                yield Stored(path, kind, size, moment)


def folders(home: Home) -> Iterator[Path]:
    """Whatever lies where our folders do."""
    store = home.store.root
    for stage in sorted(store.iterdir()) if store.is_dir() else ():
        if stage.is_dir() and not stage.name.startswith("."):
            yield from sorted(stage.iterdir())
    for place in (home.reports, home.artifacts):
        yield from sorted(place.glob(f".*{REMOVED}"))


def kind_of(path: Path) -> Kind | None:
    """What a folder of a stage is, by its name; None if it is none of ours."""
    if path.is_symlink() or not path.is_dir():
        return None
    if path.name.startswith(".") and path.suffix == REMOVED:
        return "removed"
    if not KEY.fullmatch(path.stem):
        return None
    if path.suffix in {".partial", FETCHING}:
        return "partial"
    return None if path.suffix else "output"


def measure(path: Path) -> tuple[int, float]:
    """The bytes of all files below `path`, and when one of them was last written.

    Raises:
        FileNotFoundError: If it is not there.
    """
    size, written = 0, path.stat().st_mtime
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(FileNotFoundError):
                about = os.lstat(Path(folder) / name)
                size += about.st_size
                written = max(written, about.st_mtime)
    return size, written
