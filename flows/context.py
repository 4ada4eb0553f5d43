"""Which comparison a flow makes, and where."""

from pathlib import Path

from pydantic import Field

from components.records import Record
from components.storage import Home
from flows.data import Data


class Context(Record):
    """Which comparison is made, where, and whether to reuse nothing.

    `id` and `created`, the moment at which it begins in ISO 8601, are those of a new comparison;
    one that is taken up has its own. `take_up` names the one that a person wants to be taken up;
    without it, the latest of the same params is, if it was interrupted. `data` is what
    the command read already, while Prefect's server started. `tags` say in MLflow where the
    comparison came from, such as `unroll.rerun_of`.
    """

    id: str
    experiment: str
    created: str
    root: Path
    fresh: bool
    take_up: str | None = None
    data: Data | None = None
    tags: dict[str, str] = Field(default_factory=dict)

    @property
    def home(self) -> Home:
        """The folder for everything."""
        return Home(self.root)
