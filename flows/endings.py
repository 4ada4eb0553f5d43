"""How a flow ends whose comparison was written: well, without some runs, or with an alert."""

from prefect.client.schemas.objects import State
from prefect.states import Failed

from components.records import Comparison
from dashboards.against import regression
from dashboards.wording import run_name


class Written(Exception):
    """The comparison `id` was written, but is not all that it should be."""

    def __init__(self, message: str, id: str):
        """A message fit for a person."""
        super().__init__(message)
        self.id = id

    def __reduce__(self) -> tuple[type["Written"], tuple[str, str]]:
        """All arguments, so that the error survives pickling."""
        return type(self), (str(self), self.id)


class RunsMissing(Written):
    """It is without every run that was asked for."""


class Regression(Written):
    """Its best network is worse than `compare.alert` lets pass."""


def alarmed(error: Regression) -> State[Comparison]:
    """A failed state called Regression, which raises `error` where its result is asked for.

    Prefect's automations can look for the name of a state, which a raised error would not give it.
    """
    return Failed(name=Regression.__name__, message=str(error), data=error)


def ended(comparison: Comparison) -> Comparison | State[Comparison]:
    """The comparison, or after an alert a failed state called Regression.

    Raises:
        RunsMissing: If some runs did not finish; with an alert, its message says so.
    """
    names = ", ".join(map(run_name, comparison.missing))
    absent = f"without a result: {names}; the others are compared; `unroll resume` tries again"
    worse = regression(comparison)
    if worse is not None:
        return alarmed(Regression(f"{worse} ({absent})" if names else worse, comparison.id))
    if names:
        raise RunsMissing(absent, comparison.id)
    return comparison
