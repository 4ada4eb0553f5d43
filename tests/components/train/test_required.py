"""What devices a machine must have, and what is known of them at once."""

import ctypes
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NoReturn

import pytest

from components.train import placing, required
from components.train.placing import Gpu, Placing
from params.errors import InputError
from params.resources import Resources

GPUS = [Gpu(index=index, free=1_000) for index in range(3)]


@pytest.mark.parametrize(
    ("number", "asked", "said"),
    [
        (0, {}, None),
        (0, {"devices": 2}, None),
        (0, {"devices": 3}, "at most 2, the processor cores that are here, got 3"),
        (3, {"devices": 3}, None),
        (3, {"devices": 4}, "at most 3, the GPUs that are here, got 4"),
        (0, {"precision": "bf16-mixed"}, None),
        (0, {"precision": "16-mixed"}, "needs a GPU, and none is here"),
        (1, {"precision": "16-mixed"}, None),
    ],
)
def test_what_is_not_here_is_refused(
    number: int, asked: dict[str, Any], said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "here", lambda: Placing(GPUS[:number]))
    monkeypatch.setattr(required, "num_cores", lambda: 2)
    with nullcontext() if said is None else pytest.raises(InputError, match=said):
        required.require_devices(Resources(**asked))


@pytest.mark.parametrize(
    ("driver", "visible", "refused"),
    [
        (True, None, False),
        (True, "", True),
        (True, "-1", True),
        (True, "0", False),
        (False, None, True),
        (False, "0", True),
    ],
)
def test_what_cannot_be_here_is_refused_without_a_look(
    driver: bool, visible: str | None, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: str) -> None:
        assert name == "libcuda.so.1"
        if not driver:
            raise OSError

    def here() -> NoReturn:
        raise AssertionError("a look takes seconds")

    monkeypatch.setattr(placing, "here", here)
    monkeypatch.setattr(required, "num_cores", lambda: 2)
    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setattr(required, "AMD", Path("/dev/no such device"))
    if visible is None:
        monkeypatch.delenv(placing.VISIBLE, raising=False)
    else:
        monkeypatch.setenv(placing.VISIBLE, visible)
    for asked in ({"precision": "16-mixed"}, {"devices": 3}):
        with pytest.raises(InputError) if refused else nullcontext():
            required.require_likely_devices(Resources(**asked))
    required.require_likely_devices(Resources(devices=2))
