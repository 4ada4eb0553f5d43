"""What the README says is so: its commands parse, its paths exist, its chain of calls is there."""

import ast
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from flows.cli import app
from params.load import load, to_yaml
from params.resources import Resources

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
HOPS = (  # from the command to a training step, all of them plain functions
    ("flows/cli.py", "run"),
    ("flows/session.py", "run_all"),
    ("flows/experiment.py", "experiment"),
    ("flows/places.py", "place"),
    ("flows/tasks.py", "train"),
    ("components/train/run.py", "train"),
    ("components/train/fit.py", "fit"),
    ("components/train/lightning_module.py", "training_step"),
)


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[list[str]]:
    """The arguments of every command line that calls `program`, without where its output goes."""
    lines = [
        line[2:] for block in blocks("console") for line in block.splitlines() if line[:2] == "$ "
    ]
    found = [shlex.split(line.partition(" > ")[0]) for line in lines]
    return [words[1:] for words in found if Path(words[0]).name == program]


def map_paths() -> list[str]:
    """The paths that the map of the files names; what is indented lies in what is above it."""
    paths, folders = [], [""]
    for line in "".join(blocks("text")).splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        folders[depth + 1 :] = [folders[depth] + name]
        paths.append(folders[depth + 1])
    return paths


def linked() -> list[tuple[str, str]]:
    """Every link to a place in the project: its text and its path."""
    links = re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", README)
    return [(text, path) for text, path in links if "://" not in path and path[0] != "#"]


def test_there_is_something_to_check() -> None:
    assert len(commands("unroll")) >= 5
    assert ["demo"] in commands("make")
    assert len(map_paths()) >= 10


@pytest.mark.parametrize("arguments", commands("unroll"), ids=" ".join)
def test_commands_parse(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for word in arguments:
        if word.endswith(".yaml"):  # stands for a file of the reader's
            Path(word).write_text(to_yaml(load("temperature")), encoding="utf-8")
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    with group.make_context("unroll", list(arguments)) as context:
        name, command, rest = group.resolve_command(context, arguments)
        assert command is not None
        parsed = command.make_context(name, rest, parent=context).params
    for experiment in parsed.get("experiments") or filter(None, [parsed.get("experiment")]):
        load(experiment, parsed.get("overrides") or [])
    if name in {"list", "show", "shapes"}:
        assert CliRunner().invoke(app, arguments).exit_code == 0


@pytest.mark.parametrize("arguments", commands("make"), ids=" ".join)
def test_make_has_the_targets(arguments: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in arguments)


@pytest.mark.parametrize("path", [*map_paths(), *dict.fromkeys(path for _, path in linked())])
def test_paths_exist(path: str) -> None:
    assert (ROOT / path).exists()
    assert path.endswith("/") == (ROOT / path).is_dir()


def test_the_readme_prints_the_chain() -> None:
    chain = [
        (path, code.split()[-1])
        for text, path in linked()
        for code in re.findall(r"`([^`]+)`", text)
        if path.endswith(".py")
    ]
    assert tuple(chain) == HOPS


@pytest.mark.parametrize(("source", "target"), list(pairwise(HOPS)))
def test_one_hop_leads_to_the_next(source: tuple[str, str], target: tuple[str, str]) -> None:
    calls = {**calls_of(source[0]), **calls_of(target[0])}
    assert source in calls
    assert target in calls
    reached, waiting = set(), [source]
    while waiting:  # through functions of the two files alone
        place = waiting.pop()
        if place in calls and place not in reached:
            reached.add(place)
            waiting.extend(calls[place])
    assert target in reached


def calls_of(path: str) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """For each function and class of a file, as `(path, name)`, what it names of ours.

    A class names its methods, which stand beside the functions; an attribute of an imported module
    is a name of that module.
    """
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    imported: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            folder = node.module.replace(".", "/")
            for alias in node.names:
                module = f"{folder}/{alias.name}.py"
                whole = (module, "") if (ROOT / module).exists() else (f"{folder}.py", alias.name)
                imported[alias.asname or alias.name] = whole
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = found.setdefault((path, node.name), set())
            for part in ast.walk(node):
                if isinstance(part, ast.Name):
                    names.add(imported.get(part.id, (path, part.id)))
                elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                    names.add((imported.get(part.value.id, ("", ""))[0], part.attr))
                elif isinstance(part, ast.FunctionDef):
                    names.add((path, part.name))
    return found


@pytest.mark.parametrize("key", Resources.model_fields)
def test_every_key_of_the_resources_is_explained(key: str) -> None:
    text = README[README.index("## On several devices") :]
    assert re.search(rf"^  {key}: +\S+ +# |`{key}[`:]|resources\.{key}[=.]", text, re.MULTILINE)
