"""How to make a result again."""

import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from components import provenance as module
from components.provenance import code_revision, provenance
from params.load import load

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
