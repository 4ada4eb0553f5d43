"""Records of another machine as they are on this one: their outputs lie in this machine's store."""

from pathlib import Path
from typing import TypeVar

from components import usage
from components.locks import held
from components.manifest import damage
from components.outputs import KEY, Store
from components.records import Record
from params.errors import InputError

R = TypeVar("R", bound=Record)


def here(record: R, store: Store) -> R:
    """The record with the paths of this machine, on which all its outputs are then.

    What lacks is fetched from where the store is shared, once. Where it is not, the record stays as
    it is.

    Raises:
        InputError: If an output is nowhere, or what is shared cannot be reached.
    """
    if store.remote is None:
        return record
    fields = {name: value_here(getattr(record, name), store) for name in type(record).model_fields}
    return record.model_copy(update=fields)


def value_here(value: object, store: Store) -> object:
    """A field of such a record."""
    if isinstance(value, Record):
        return here(value, store)
    if isinstance(value, tuple):
        return tuple(value_here(one, store) for one in value)
    if isinstance(value, Path) and is_output(value, store):
        return local(value, store)
    return value


def is_output(path: Path, store: Store) -> bool:
    """Whether a path is that of an output in the store of some machine."""
    folders = path.parts[-3:-2]
    return folders == (store.root.name,) and KEY.fullmatch(path.name) is not None


def local(path: Path, store: Store) -> Path:
    """Where an output of some machine's store lies on this one, fetched if it was not here.

    Raises:
        InputError: If it is nowhere, or what is shared cannot be reached.
    """
    if store.remote is None:
        return path
    stage, key = path.parts[-2:]
    own = store.root / stage / key
    own.parent.mkdir(parents=True, exist_ok=True)
    usage.register(store.root)
    with held(own.with_suffix(".lock"), stage):
        if damage(own, deep=False) is None:  # it was read through when it came here
            usage.mark(own)
        elif not store.fetch(own):
            raise InputError(
                f"{stage}/{key} is neither in {store.root} nor at {store.remote}; run it again"
            )
    return own
