"""How to make a result again: code revision, package versions, machine."""

import os
import platform
import shlex
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from components.records import Provenance
from params.load import to_yaml
from params.schema import Experiment

PACKAGES = ("unroll", "torch", "pytorch-lightning", "prefect", "mlflow", "datasets", "pandas")


def provenance(experiment: Experiment, command: list[str]) -> Provenance:
    """Where and with what `experiment` is being run by `command`."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # a checkout that was never installed
            versions[package] = "not installed"
    return Provenance(
        params=to_yaml(experiment),
        params_digest=experiment.digest(),
        command=shlex.join(command),
        code_revision=code_revision(),
        versions=versions,
        machine=f"{platform.system()} {platform.machine()}, {num_cores()} cores",
    )


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
