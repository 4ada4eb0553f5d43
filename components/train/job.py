"""What one training is: everything its result depends on."""

import re

from components.outputs import key_of
from components.records import NamedRow, Prepared, Record
from params.names import Architecture, Task
from params.resources import Resources
from params.sections import SeriesModel, TextModel, Train

VERSION = 3  # of how networks are trained; a change of it trains stored runs again

TRAINED = "trained.json"  # the result of a training, in its folder
WEIGHTS = "weights.safetensors"  # the weights of its best epoch
CHECKPOINT = re.compile(r"epoch-(\d+)-([0-9a-f]{16})\.ckpt")  # its epoch, and its digest


class TrainingJob(Record):
    """One architecture with one seed on one preprocessed data set.

    `num_threads`, `resources` and `gpus`, the places of its own among the visible ones, say how it
    is computed and are not part of the key, but for the precision; nor is `row`: what its row is
    called, where that is not its architecture.
    """

    task: Task
    architecture: Architecture
    seed: int
    model: TextModel | SeriesModel
    train: Train
    prepared: Prepared
    num_threads: int
    resources: Resources = Resources()
    gpus: tuple[int, ...] = ()
    row: NamedRow | None = None

    @property
    def key(self) -> str:
        """The digest of everything that the result depends on."""
        full = Resources().precision
        precision = () if self.resources.precision == full else (self.resources.precision,)
        return key_of(
            "train",
            VERSION,
            self.prepared.key,
            self.model.digest(),
            self.train.digest(),
            self.architecture,
            self.seed,
            *precision,
        )

    @property
    def name(self) -> str:
        """What people call the run, such as `lstm seed 1`."""
        return f"{self.row_name} seed {self.seed}"

    @property
    def row_name(self) -> str:
        """The name of its row."""
        return self.row.name if self.row else self.architecture
