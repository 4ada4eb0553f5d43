"""The params file that a run leaves, read again by whatever version is there then."""

from collections.abc import Sequence
from pathlib import Path

from params.errors import InputError
from params.load import load, load_stored
from params.schema import Experiment

PARAMS = "params.yaml"  # what it is called, wherever it is kept


def load_kept(kept: str | Path, whose: str, overrides: Sequence[str] = ()) -> Experiment:
    """The resolved params that a run or a comparison left.

    Args:
        kept: The text of its params file, or where the file lies.
        whose: What a person calls the run or the comparison.
        overrides: As for `load`.

    Raises:
        InputError: If they are not there, or mean nothing to this version.
    """
    try:
        if isinstance(kept, Path):
            return load(str(kept), overrides)
        return load_stored(kept, overrides, f"its {PARAMS}")
    except InputError as error:
        raise InputError(f"the params of {whose} cannot be used by this version: {error}") from None
