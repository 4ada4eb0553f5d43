"""`unroll doctor`: all that a run needs, looked at; what is wrong comes with how to mend it."""

import json
import sys
from collections.abc import Generator, Iterator
from dataclasses import asdict
from textwrap import wrap

from components.storage import Home
from flows.settings import set_defaults
from flows.terminal import console, stdout
from flows.upkeep import devices, environment, shared, stored
from flows.upkeep.findings import Check, Finding, isolated
from params.errors import plural

WIDTH = 16  # of what was checked
LEAST = 20  # columns of what was found, however narrow the terminal


def doctor(home: Home, *, deep: bool, as_json: bool) -> int:
    """Check everything and say what was found, each as it is known; returns the exit status.

    Args:
        home: The folder for everything.
        deep: Read every file of the store, too.
        as_json: Print a JSON list at the end, instead of lines.
    """
    set_defaults()
    found: list[Finding] = []
    for finding in findings(home, deep=deep, as_json=as_json):
        found.append(finding)
        if not as_json:
            tell(finding)
    faults = sum(one.mark == "wrong" for one in found)
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found], indent=2) + "\n")
    else:
        notes = sum(one.mark == "note" for one in found)
        end = f"{plural(faults, 'thing')} wrong" if faults else "nothing is wrong"
        sys.stdout.write(f"\n{end}, {plural(notes, 'note')}\n")
    return 1 if faults else 0


def findings(home: Home, *, deep: bool, as_json: bool) -> Generator[Finding]:
    """What each check finds, in order."""
    with devices.start() as looking:  # meanwhile the others are made
        try:
            for name, check in checks(home, looking, deep=deep):
                if console.is_terminal and not as_json:
                    with console.status(f"{name} ..."):
                        found = isolated(name, check)
                else:
                    found = isolated(name, check)
                yield from found
        finally:
            looking.kill()


def checks(home: Home, looking: devices.Looking, *, deep: bool) -> Iterator[tuple[str, Check]]:
    """Every check with its name; those that import much come last."""
    yield "packages", environment.packages
    yield "machine", environment.machine
    yield "output folder", lambda: environment.folders(home)
    yield "Hugging Face", environment.hugging_face
    if home.remote is not None:
        yield "shared store", lambda: shared.shared(home)
    yield "store", lambda: stored.store(home, deep=deep)
    yield "MLflow", lambda: mlflow(home)
    yield "Prefect", prefect
    yield "devices", lambda: devices.devices(looking)


def mlflow(home: Home) -> Iterator[Finding]:
    """The check of MLflow, which imports it."""
    from flows.upkeep.tracked import mlflow

    yield from mlflow(home)


def prefect() -> Iterator[Finding]:
    """The check of Prefect, which imports it."""
    from flows.upkeep.served import prefect

    yield from prefect()


def tell(finding: Finding) -> None:
    """One line on stdout, and another one under it with how to mend what is not well.

    On a terminal they are folded where it ends, under their beginning.
    """
    head = f"{finding.mark:<6}{finding.checked:<{WIDTH}}"
    sys.stdout.write(folded(head, " ".join(finding.found.split())))
    if finding.mend:
        sys.stdout.write(folded(f"{'':<{len(head)}}-> ", finding.mend))
    sys.stdout.flush()


def folded(head: str, text: str) -> str:
    """`text` behind `head`, in lines that no word of it is broken for."""
    width = max(stdout().width, len(head) + LEAST)
    indent = " " * len(head)
    lines = wrap(
        text,
        width,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + "\n"
