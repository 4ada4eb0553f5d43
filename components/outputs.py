"""Stage outputs by the digest of what they are made from, complete or not there at all.

An output is a folder `<root>/<stage>/<key>` whose manifest, listing every file with its digest, is
written last; only then does the folder get its name. The folder being filled is called
`<key>.partial` and is read by nobody but who goes on filling it. Where machines share a store at a
URL, each has such a folder of its own: what is made is put at the URL, and what lacks is fetched.
"""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from components import usage
from components.files import put_aside, sync
from components.locks import held
from components.manifest import is_whole, seal
from components.remote import Remote

logger = logging.getLogger(__name__)

KEY = re.compile(r"[0-9a-f]{16}")
FETCHING = ".fetching"  # ends the name of a folder that is being fetched


@dataclass(frozen=True)
class Output:
    """A complete stage output, and whether it was there before."""

    path: Path
    key: str
    reused: bool


def key_of(*parts: str | int) -> str:
    """Sixteen hexadecimal digits that depend on every part and on their order."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Store:
    """The folder that holds all stage outputs, and where they are shared, if they are."""

    root: Path
    remote: Remote | None = None

    def output(
        self,
        stage: str,
        key: str,
        make: Callable[[Path], None],
        *,
        fresh: bool = False,
        resumable: bool = False,
        go_on: bool = False,
        whose: str = "",
    ) -> Output:
        """The output of `stage` under `key`, made by `make(folder)` if it is not complete.

        Two processes that want the same output wait for each other; the second one reuses it. One
        that is not as it was written is named in a warning, and made again. Two machines that share
        a store may make the same at once, and either is whole.

        Args:
            stage: Name of the stage, a folder of the store.
            key: Digest of everything that the output depends on.
            make: Fills the folder that it is given, which is empty; if it raises, nothing is kept.
                Both are otherwise if the output is `resumable`.
            fresh: Make the output again although it is there.
            resumable: The folder is the one that `make` filled when it was interrupted, if it was,
                and is kept if it raises.
            go_on: What is half made was begun afresh already, so that it is as good as `fresh`.
            whose: What people call that which it is of, such as `lstm seed 1`, for the log.

        Raises:
            Interrupted: If this process is ended while it waits for another one.
            InputError: If what is shared cannot be reached, for minutes.
        """
        path = self.root / stage / key
        path.parent.mkdir(parents=True, exist_ok=True)
        usage.register(self.root)
        called = f"{stage} {whose}".rstrip()
        with held(path.with_suffix(".lock"), called):
            reused = not fresh and self.has(path, called)
            if not reused:
                if fresh and resumable and not go_on:
                    self.discard(stage, key)
                fill(path.with_suffix(".partial"), make, resumable=resumable)
                take_place(path.with_suffix(".partial"), path)
                self.share(path, again=True)
            if resumable:  # if it was there, too: who made it may have come no further than that
                self.discard(stage, key)
        return Output(path, key, reused=reused)

    def has(self, path: Path, called: str) -> bool:
        """Whether an output is here, whole, and by now where it is shared; hold its lock."""
        if not is_whole(path):
            return self.fetch(path, called)
        usage.mark(path)
        self.share(path, again=False)
        logger.info("%s: reused, nothing it depends on changed", called)
        return True

    def discard(self, stage: str, key: str) -> None:
        """Remove what of an output is half made, here and where it is shared; hold its lock."""
        shutil.rmtree(self.root / stage / f"{key}.partial", ignore_errors=True)
        if self.remote is not None:
            self.remote.remove(f"{stage}/{key}.partial")

    def fetch(self, path: Path, called: str = "") -> bool:
        """Whether an output was there to be fetched, whole; its lock must be held."""
        if self.remote is None:
            return False
        name = f"{path.parent.name}/{path.name}"
        arriving = path.with_suffix(FETCHING)
        if not self.remote.fetch(name, arriving):
            return False
        take_place(arriving, path)
        logger.info("%s: fetched from %s/%s", called or path.parent.name, self.remote, name)
        return True

    def share(self, path: Path, *, again: bool) -> None:
        """Put an output where it is shared: `again`, or only if it is not there."""
        if self.remote is None:
            return
        name = f"{path.parent.name}/{path.name}"
        if again or not self.remote.has(name):
            self.remote.put(path, name)


def fill(folder: Path, make: Callable[[Path], None], *, resumable: bool) -> None:
    """Let `make` fill a folder, and seal it; see `Store.output`."""
    if not resumable:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    try:
        make(folder)
        seal(folder)
    except BaseException:  # Ctrl-C too: what is half made is kept only to be gone on with
        if not resumable:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def take_place(folder: Path, path: Path) -> None:
    """Let a finished folder get its name; what stands there is damaged, or was made again."""
    old = put_aside(path) if path.exists() else None
    usage.mark(folder)
    folder.rename(path)
    sync(path.parent)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)  # what is left, `unroll clean` finds
