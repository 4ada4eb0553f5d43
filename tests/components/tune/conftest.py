"""A search of made-up values, and what tries them."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from components.records import Prepared, Search, SequenceSpec
from params.tune import Dimension

SPACE = {
    "train.learning_rate": Dimension(low=1e-4, high=1e-1, log=True),
    "model.hidden_sizes": Dimension(choices=([1], [2], [4])),
    "train.batch_size": Dimension(low=8, high=64, step=8),
}
FIRST = {"train.learning_rate": 1e-3, "model.hidden_sizes": [2], "train.batch_size": 32}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that stands beside these tests."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import search_work

    return search_work


@pytest.fixture
def search_of() -> Callable[..., Search]:
    """A search by val/loss of 12 trials of a GRU, but for what is said otherwise."""

    def make(**changes: object) -> Search:
        values: dict[str, object] = {
            "id": "tiny-1",
            "experiment": "tiny",
            "task": "forecast",
            "metric": "val/loss",
            "better": "lower",
            "architectures": ("gru",),
            "num_trials": 12,
            "seeds": (1,),
            "space": SPACE,
            "space_from": "--space",
            "warm_up": 1,
            "first": FIRST,
        }
        return Search.model_validate(values | changes)

    return make


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """Data that nobody reads."""
    return Prepared(
        path=tmp_path / "prepared",
        key="k",
        fingerprint="abc123",
        train=70,
        val=20,
        test=10,
        spec=SequenceSpec(num_embeddings=None, input_size=1, output_size=1),
    )
