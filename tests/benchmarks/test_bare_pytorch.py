"""The plain loop that Unroll is measured against runs as its first lines say."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest


def test_the_smoke_prints_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import bare_pytorch

    asked: list[Any] = []
    monkeypatch.setattr(bare_pytorch, "run", lambda *given: asked.append(given) or {"seconds": 1})
    lines = [line.strip() for line in bare_pytorch.__doc__.splitlines()]
    full, smoke = [line for line in lines if line.startswith("python ")]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", shlex.split(smoke, comments=True)[1:])
    bare_pytorch.main()
    assert json.loads(capsys.readouterr().out) == {"seconds": 1}
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(sys, "argv", shlex.split(full, comments=True)[1:])
    bare_pytorch.main()
    assert json.loads((tmp_path / "bare.json").read_text()) == {"seconds": 1}
    assert asked == [(Path("FOLDER"), 1, 2000), (Path("FOLDER"), 3, None)]
