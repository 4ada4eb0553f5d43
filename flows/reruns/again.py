"""`unroll rerun`: the params of a run or a comparison once more, with or without changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from components.records import Provenance
from components.storage import Home
from dashboards.wording import moment
from flows.checks import check
from flows.options import listed_seeds, repeated
from flows.reading import reading
from flows.terminal import note
from params.defaults import filled
from params.difference import difference, flat
from params.errors import InputError
from params.kept import PARAMS, load_kept
from params.load import load_stored, to_yaml
from params.names import Architecture
from params.schema import Experiment

if TYPE_CHECKING:
    from components.tracking.made_from import MadeFrom
    from flows.session import Asked


@dataclass(frozen=True)
class Changes:
    """What a person wants otherwise than it was, as it stands in the command."""

    overrides: Sequence[str] = ()
    architectures: Sequence[str] = ()
    seeds: str | None = None

    def words(self) -> list[str]:
        """The arguments of the command that ask for them."""
        return [
            *repeated("--set", self.overrides),
            *repeated("--architecture", self.architectures),
            *repeated("--seeds", [self.seeds] if self.seeds is not None else None),
        ]

    def all_overrides(self) -> list[str]:
        """All of them in the form of `--set`; an option of its own stands for its key.

        Raises:
            InputError: If an architecture is none, or the seeds are no list of whole numbers.
        """
        found = list(self.overrides)
        if self.architectures:
            known = get_args(Architecture)
            for name in self.architectures:
                if name not in known:
                    listed = ", ".join(known)
                    raise InputError(f"--architecture must be one of {listed}, got {name!r}")
            found.append(f"architectures=[{','.join(self.architectures)}]")
        if self.seeds is not None:
            found.append(f"seeds={listed_seeds(self.seeds)}")
        return found


def rerun(id: str, home: Home, changes: Changes, *, as_json: bool, fresh: bool) -> int:
    """Run what `id` names again, after the difference to it on stderr; returns the exit status.

    Args:
        id: What names the run or the comparison.
        home: The folder for everything.
        changes: What is to be otherwise.
        as_json: Print the comparison on stdout.
        fresh: Reuse nothing.

    Raises:
        InputError: If there is none, or its params cannot be changed so.
    """
    changes.all_overrides()  # a mistake in them is told before MLflow is imported
    with reading(home) as scratch:
        from components.tracking.made_from import made_from

        source = made_from(home.tracking_uri, id, scratch)
    before = as_it_was(source)
    params = changed(before, source, changes)
    check(params)
    asked = asked_again(source, params, changes)
    from components.provenance import provenance
    from flows.session import run_all

    now = provenance(params, ["unroll", *asked.command])
    for line in said(source, before, params, now):
        note(line)
    return run_all([asked], home, as_json=as_json, fresh=fresh)


def as_it_was(source: "MadeFrom") -> Experiment:
    """The params of what is run again; those of a single run ask for that run alone.

    Raises:
        InputError: If they mean nothing to this version.
    """
    own = []
    if source.seed is not None:
        own = [f"architectures=[{source.architecture}]", f"seeds=[{source.seed}]"]
    return load_kept(source.params, source.called, own)


def changed(before: Experiment, source: "MadeFrom", changes: Changes) -> Experiment:
    """The params with the changes.

    Raises:
        InputError: If a change is not allowed; it says where to mend it.
    """
    where = f"{PARAMS} of {source.called}"
    try:
        return load_stored(to_yaml(before), changes.all_overrides(), where)
    except InputError as error:
        message = str(error)
        if changes.architectures:
            message = message.replace("--set architectures", "--architecture", 1)
        if changes.seeds is not None:
            message = message.replace("--set seeds", "--seeds", 1)
        raise InputError(message) from None


def asked_again(source: "MadeFrom", params: Experiment, changes: Changes) -> "Asked":
    """What is to be run, the command that asks for it, and where it came from."""
    from components.tracking.runs import RERUN_OF, RERUN_OF_RUN
    from flows.session import Asked

    tags = {RERUN_OF: source.comparison}
    if source.seed is not None:
        tags[RERUN_OF_RUN] = source.run_id
    command = ["rerun", source.id, *changes.words()]
    return Asked(params, command, tags, fingerprint=source.fingerprint)


def said(
    source: "MadeFrom", before: Experiment, params: Experiment, now: Provenance
) -> Iterable[str]:
    """What is run again, and how it differs from then, a line each."""
    from components.provenance import changed_since

    yield f"rerun of {source.called}, of {moment(source.created)} UTC"
    old, new = flat(before), flat(params)
    changes = difference(filled(old, new, before.task), filled(new, old, params.task))
    lines = [str(change) for change in changes]
    lines += changed_since(source.code_revision, source.versions, now)
    yield from (f"  {line}" for line in lines or ["no difference in params, code and versions"])
