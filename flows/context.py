"""Which comparison a flow makes, and where."""

from pathlib import Path

from pydantic import Field, SecretStr

from components.records import Record
from components.storage import Home, home_at
from flows.data import Data


class Placed(Record):
    """What knows where everything lies: in the folder `root`, or at the URL `shared`.

    Of that each machine has a folder of its own. A password in it is shown nowhere.
    """

    root: Path
    shared: SecretStr | None = None

    @property
    def home(self) -> Home:
        """The folder for everything on this machine."""
        return home_at(self.shared.get_secret_value()) if self.shared else Home(self.root)


def shared(home: Home) -> SecretStr | None:
    """The URL at which machines share a home, if they do."""
    return SecretStr(home.remote.url) if home.remote else None


class Context(Placed):
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
    fresh: bool
    take_up: str | None = None
    data: Data | None = None
    tags: dict[str, str] = Field(default_factory=dict)
