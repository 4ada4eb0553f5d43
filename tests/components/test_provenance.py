"""How to make a result again."""

import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from components import provenance as module
from components.provenance import (
    changed_since,
    code_revision,
    provenance,
    provenance_across,
    short,
)
from params.load import load, to_yaml

MODULE = "components/provenance.py"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository of one commit, which holds this code."""
    path = tmp_path / MODULE
    path.parent.mkdir()
    path.write_text("# code\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "one")):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.setattr(module, "__file__", str(path))
    return tmp_path


def test_the_revision_is_the_commit_and_says_when_files_differ(repository: Path) -> None:
    head = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(head, cwd=repository, capture_output=True, text=True, check=True)
    assert code_revision() == commit.stdout.strip()
    (repository / "untracked").write_text("")
    assert code_revision() == commit.stdout.strip()
    (repository / MODULE).write_text("# changed\n")
    assert code_revision() == f"{commit.stdout.strip()}+changes"


def test_an_installed_copy_inside_a_repository_is_not_that_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = repository / ".venv" / "provenance.py"
    copy.parent.mkdir()
    copy.write_text("")
    monkeypatch.setattr(module, "__file__", str(copy))
    assert code_revision() == "installed package"


def test_without_git_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert code_revision() == "installed package"


def test_everything_needed_to_run_it_again(tmp_path: Path) -> None:
    experiment = load("temperature", ["seeds=[5]"])
    found = provenance(experiment, ["unroll", "run", "temperature", "--set", "seeds=[5, 6]"])
    path = tmp_path / "again.yaml"
    path.write_text(found.params, encoding="utf-8")
    assert load(str(path)) == experiment
    assert found.params_digest == experiment.digest()
    assert found.command == "unroll run temperature --set 'seeds=[5, 6]'"
    assert found.versions["torch"] == version("torch")
    assert found.machine.endswith(" cores")


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGES", ("no-such-package",))
    assert provenance(load("imdb"), []).versions["no-such-package"] == "not installed"


def test_what_is_set_side_by_side_says_how_each_was_made() -> None:
    experiments = [load("temperature"), load("imdb", ["seeds=[7]"])]
    made = [
        provenance(one, ["unroll", "run", one.name, "--set", "report.title=a\nb"])
        for one in experiments
    ]
    elsewhere = made[1].model_copy(update={"machine": "Elsewhere", "versions": {"torch": "1"}})
    across = provenance_across({"t-1": made[0], "i-1": elsewhere}, ["unroll", "compare", "t-1"])
    first, second = across.params.split("---\n")
    assert first.splitlines()[:3] == [
        "# t-1: unroll run temperature --set 'report.title=a b'",
        f"# code {made[0].code_revision}",
        f"# {made[0].machine}",
    ]
    assert second.splitlines()[2:4] == ["# Elsewhere", "# torch 1"]
    for text, experiment in ((first, experiments[0]), (second, experiments[1])):
        assert yaml.safe_load(text) == yaml.safe_load(to_yaml(experiment))
    assert (across.command, across.machine) == ("unroll compare t-1", made[0].machine)
    swapped = provenance_across({"i-1": elsewhere, "t-1": made[0]}, [])
    assert len({across.params_digest, swapped.params_digest, made[0].params_digest}) == 3


def test_what_changed_since_is_told_line_by_line() -> None:
    now = provenance(load("temperature"), ["unroll"])
    torch = now.versions["torch"]
    assert changed_since(now.code_revision, now.versions, now) == []
    then = {"gone": "1.0", "torch": "0.1", "python": now.versions["python"]}
    assert changed_since("", then, now) == [f"torch: 0.1 -> {torch}"]
    old = "0123456789abcdef0123456789abcdef01234567+changes"
    assert changed_since(old, {}, now) == [
        f"code revision: 0123456789+changes -> {short(now.code_revision)}"
    ]


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("0123456789abcdef", "0123456789"),
        ("0123456789abcdef+changes", "0123456789+changes"),
        ("4be71ce", "4be71ce"),
        ("installed package", "installed package"),
    ],
)
def test_a_commit_is_said_by_ten_digits(revision: str, said: str) -> None:
    assert short(revision) == said
