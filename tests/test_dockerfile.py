"""Dockerfile: it installs what the Makefile installs, from files that it is given."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STEPS = [
    tuple(line.split(maxsplit=1))
    for line in DOCKERFILE.splitlines()
    if line and not line.startswith("#")
]


def arguments(word: str) -> list[str]:
    """What follows an instruction, wherever it stands."""
    return [rest for instruction, rest in STEPS if instruction == word]


def made_by_make() -> list[str]:
    """The commands that make the environment, as `make` runs them, but for marking it ready."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^\$\(READY\):.*\n((?:\t.*\n)+)", makefile, flags=re.MULTILINE)
    assert found is not None
    *commands, ready = (line.strip() for line in found[1].splitlines())
    assert ready == "touch $(READY)"
    variables = {"$(PYTHON)": "python3", "$(BIN)": "/opt/unroll/bin", "$(VENV)": "/opt/unroll"}
    for name, value in variables.items():
        commands = [command.replace(name, value) for command in commands]
    return commands


def test_it_installs_what_make_installs_but_not_editable() -> None:
    expected = made_by_make()
    assert len(expected) == 3
    assert expected[-1].endswith(" --editable .")
    expected[-1] = expected[-1].replace(" --editable .", " .")
    user, *rest = [step for step in arguments("RUN") if step not in expected]
    assert [step for step in arguments("RUN") if step in expected] == expected
    assert user.startswith("useradd ")
    assert rest == []


def test_what_it_copies_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = [rest.split()[:-1] for rest in arguments("COPY") if not rest.startswith("--from")]
    names = {name for names in copied for name in names}
    assert names == let_in
    assert all((ROOT / name).exists() for name in names)
    assert "*" in ignored


def test_everything_that_is_packaged_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    needed = {name.removesuffix("*") for name in packages}
    needed |= {project["project"]["readme"], *project["project"]["license-files"]}
    copied = {name for rest in arguments("COPY") for name in rest.split()[:-1]}
    assert needed <= copied


def test_it_runs_as_nobody_special_from_a_public_image() -> None:
    images = [rest.split()[0] for rest in arguments("FROM")]
    assert set(images) == {"python:3.11-slim"}
    assert "unroll" in arguments("USER")
    assert STEPS.index(("USER", "unroll")) > STEPS.index(("FROM", "python:3.11-slim"))
    assert "http" not in "".join(rest for _, rest in STEPS)


def test_a_worker_can_give_it_a_command() -> None:
    assert arguments("ENTRYPOINT") == []
    assert arguments("CMD") == ['["unroll", "--help"]']
    (environment,) = (rest for rest in arguments("ENV") if "UNROLL_HOME" in rest)
    assert "PATH=/opt/unroll/bin:$PATH" in environment.split()
    assert "UNROLL_HOME=/data" in environment.split()
    assert arguments("VOLUME") == ["/data"]
