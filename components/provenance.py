"""How to make a result again: code revision, package versions, machine."""

import os
import platform
import re
import shlex
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from components.outputs import key_of
from components.records import Provenance
from params.load import to_yaml
from params.schema import Experiment

PACKAGES = ("unroll", "torch", "pytorch-lightning", "prefect", "mlflow", "datasets", "pandas")


def provenance(experiment: Experiment, command: list[str]) -> Provenance:
    """Where and with what `experiment` is being run by `command`."""
    return here(to_yaml(experiment), experiment.digest(), command)


def provenance_across(sources: Mapping[str, Provenance], command: list[str]) -> Provenance:
    """Where and with what comparisons are set side by side by `command`.

    Its params are those of every source, one YAML document each, under how that source was made.

    Args:
        sources: How each was made, by what a person calls it.
        command: What sets them side by side.
    """
    documents = []
    for called, made in sources.items():
        packages = ", ".join(f"{name} {number}" for name, number in made.versions.items())
        lines = (f"{called}: {made.command}", f"code {made.code_revision}", made.machine, packages)
        comments = [f"# {' '.join(line.split())}" for line in lines]
        documents.append("\n".join([*comments, made.params]))
    digests = [made.params_digest for made in sources.values()]
    return here("---\n".join(documents), key_of(*digests), command)


def here(params: str, params_digest: str, command: list[str]) -> Provenance:
    """What is done by this process, with this code on this machine."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # a checkout that was never installed
            versions[package] = "not installed"
    return Provenance(
        params=params,
        params_digest=params_digest,
        command=shlex.join(command),
        code_revision=code_revision(),
        versions=versions,
        machine=f"{platform.system()} {platform.machine()}, {num_cores()} cores",
    )


def changed_since(code_revision: str, versions: Mapping[str, str], now: Provenance) -> list[str]:
    """`torch: 2.12.0 -> 2.13.0` and so on: what makes a result otherwise now than it did then.

    Args:
        code_revision: That of then; empty where it is not known.
        versions: Those of then, by package; one that was not kept is not looked at.
        now: How a result is made now.
    """
    lines = []
    if code_revision and code_revision != now.code_revision:
        lines.append(f"code revision: {short(code_revision)} -> {short(now.code_revision)}")
    lines += [
        f"{package}: {then} -> {now.versions[package]}"
        for package, then in versions.items()
        if package in now.versions and now.versions[package] != then
    ]
    return lines


def short(code_revision: str) -> str:
    """A revision as people read it: a commit by its first ten digits."""
    return re.sub(r"^([0-9a-f]{10})[0-9a-f]+", r"\1", code_revision)


def num_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


def code_revision() -> str:
    """The git commit of this code, `+changes` if files differ; else how it was installed."""
    folder = Path(__file__).parent
    try:
        git(folder, "ls-files", "--error-unmatch", __file__)  # raises if this file is not in it
        commit = git(folder, "rev-parse", "HEAD")
        changes = git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "installed package"
    return f"{commit}+changes" if changes else commit


def git(folder: Path, *arguments: str) -> str:
    """What a git command prints."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()
