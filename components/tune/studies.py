"""All studies of a search, one an architecture, and whose turn it is."""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
from filelock import FileLock
from optuna.storages import RDBStorage
from sqlalchemy.exc import DatabaseError, OperationalError

from components.records import Claimed, Search, TrialOutcome, Tuned
from components.storage import Home
from components.tune.owners import Owner, owners_folder
from components.tune.study import ArchitectureStudy
from params.errors import InputError
from params.names import Architecture

PATIENCE_SECONDS = 60  # for another process or thread to be done with the database


class Studies:
    """The studies of a search, for as long as this process works at it."""

    def __init__(self, search: Search, storage: RDBStorage, owner: Owner):
        """The studies, with the trials of dead processes taken over."""
        self.search = search
        self.of = {
            architecture: ArchitectureStudy(search, architecture, storage, owner)
            for architecture in search.architectures
        }
        self.taken_over = [
            (architecture, place)
            for architecture, study in self.of.items()
            for place in study.take_over()
        ]

    def claim(self, running: Counter[Architecture]) -> Claimed | None:
        """The next trial; none if every architecture has as many as it is to have.

        The architectures take turns, and one of which nothing is running goes before all others:
        the more trials have ended, the better the next one is chosen.

        Args:
            running: How many trials of each architecture this process is at.
        """
        ended = {name: len(study.outcomes()) for name, study in self.of.items()}
        for architecture in sorted(self.of, key=lambda name: (running[name], ended[name])):
            claimed = self.of[architecture].claim()
            if claimed is not None:
                return claimed
        return None

    def found(self) -> tuple[Tuned, ...]:
        """What is known of every architecture, the one with the best value first."""
        tuned = map(self.tuned, self.search.architectures)
        return tuple(sorted(tuned, key=lambda one: self.loss(one.best)))

    def loss(self, trial: TrialOutcome | None) -> float:
        """The value of a trial so that less is better; one without a value is the worst."""
        if trial is None or trial.value is None:
            return math.inf
        return trial.value if self.search.better == "lower" else -trial.value

    def tuned(self, architecture: Architecture) -> Tuned:
        """What is known of one architecture."""
        trials = self.of[architecture].outcomes()
        complete = [one for one in trials if one.state == "complete"]
        as_in_file = [one for one in complete if one.values == self.search.first]
        return Tuned(
            architecture=architecture,
            trials=trials,
            best=min(complete, key=self.loss, default=None),
            as_in_file=as_in_file[0] if as_in_file else None,
            running=self.of[architecture].num_elsewhere(),
        )


@contextmanager
def working_at(search: Search, home: Home) -> Iterator[Studies]:
    """The studies of `search`, whose trials are this process's until the block is left.

    Raises:
        InputError: If the database of all searches cannot be read.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = open_storage(home.studies)
    owner = Owner(owners_folder(search, home))
    try:
        yield Studies(search, storage, owner)
    finally:
        owner.leave()
        storage.engine.dispose()


def open_storage(path: Path) -> RDBStorage:
    """The database of all searches, made if it is not there.

    Two processes that make its tables would collide: they wait for each other.

    Raises:
        InputError: If it is no database, or one of an Optuna that this one does not understand.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock")):
            return RDBStorage(
                f"sqlite:///{path}",
                engine_kwargs={"connect_args": {"timeout": PATIENCE_SECONDS}},
            )
    except OperationalError:  # such as a full disk, or a folder that may not be written to
        raise
    except (DatabaseError, RuntimeError) as error:
        reason = error.orig if isinstance(error, DatabaseError) else error
        raise InputError(
            f"the database of searches {path} cannot be read: {reason}; move it away to begin anew"
        ) from None
