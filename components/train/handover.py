"""Checkpoints where the store is shared, so that another machine goes on after the last epoch.

They lie in `train/<key>.partial` there, by the names that they have here. A name has the digest of
what is in it, so that one which was cut off is seen to be so.
"""

import logging
from pathlib import Path

from components.files import file_digest
from components.outputs import Store
from components.train.job import CHECKPOINT
from components.train.worker import Event
from params.errors import InputError

TRIES = 3  # to put a checkpoint that a later one may replace at that moment

logger = logging.getLogger(__name__)


class HandOver:
    """The checkpoints of one training; nothing happens where its store is not shared."""

    def __init__(self, store: Store, key: str, folder: Path):
        """Those of the training `key`, which are made in `folder`."""
        self.remote = store.remote
        self.place = f"train/{key}.partial"
        self.folder = folder
        self.known = ""  # the newest of which is known that it is there

    def take(self) -> None:
        """Fetch the newest checkpoint that is whole, if it is of a later epoch than those here.

        Raises:
            InputError: If what is shared cannot be reached.
        """
        if self.remote is None:
            return
        newest = max(map(epoch_of, names(self.folder)), default=0)
        there = [name for name in self.remote.names(self.place) if epoch_of(name) > newest]
        for name in sorted(there, key=epoch_of, reverse=True):
            if self.fetched(name):
                self.known = name
                return
            logger.warning("%s/%s/%s is damaged; it is not used", self.remote, self.place, name)

    def fetched(self, name: str) -> bool:
        """Whether a checkpoint is here now, whole."""
        assert self.remote is not None
        arriving = self.folder / f"{name}.fetching"  # removed with all others when it is left
        try:
            self.remote.get_files({f"{self.place}/{name}": arriving})
        except FileNotFoundError:  # a later one took its place
            return False
        match = CHECKPOINT.fullmatch(name)
        if match is None or file_digest(arriving)[:16] != match[2]:
            arriving.unlink()
            return False
        arriving.rename(self.folder / name)
        return True

    def give(self, event: Event) -> None:
        """Put the newest checkpoint, if the event says that an epoch has ended but the last one.

        That it cannot be put is a warning: the training goes on.
        """
        if self.remote is None or event["kind"] != "epoch" or "before" in event:
            return
        try:
            name = self.put_newest(last=event["max_epochs"])
            there = self.remote.names(self.place, tries=False) if name else []
        except (InputError, OSError) as error:
            said = "%s; from epoch %d on, another machine could not take the training up"
            logger.warning(said, error, event["epoch"])
            return
        for other in there:
            if other != name and epoch_of(other) <= epoch_of(name):
                self.remote.remove(f"{self.place}/{other}")

    def put_newest(self, last: int) -> str:
        """The name of the newest checkpoint, which is put now; "" if there is nothing to put.

        Args:
            last: The epoch after which there is nothing to go on with.
        """
        assert self.remote is not None
        for _ in range(TRIES):
            name = max(names(self.folder), key=epoch_of, default="")
            if name in {"", self.known} or epoch_of(name) == last:
                return ""
            try:
                self.remote.put_files({f"{self.place}/{name}": self.folder / name}, tries=False)
            except FileNotFoundError:  # a later epoch has ended meanwhile
                continue
            self.known = name
            return name
        return ""  # epochs end faster than files are put: the next one has its own event


def names(folder: Path) -> list[str]:
    """The checkpoints in a folder."""
    return [path.name for path in folder.iterdir() if CHECKPOINT.fullmatch(path.name)]


def epoch_of(name: str) -> int:
    """The epoch after which a checkpoint was made; 0 if it is called otherwise than one."""
    match = CHECKPOINT.fullmatch(name)
    return int(match[1]) if match else 0
