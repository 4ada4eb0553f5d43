"""`unroll tune` as a person meets it: refusals before anything starts."""

import sys
from collections.abc import Callable

import pytest

from components.storage import Home
from flows import cli
from flows.tuning import session
from flows.tuning.asked import Asked, chosen_seeds, with_architectures
from params.errors import InputError
from params.load import load


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, home: Home) -> Callable[..., Asked | str]:
    """What `unroll tune` is asked for by these words, or what it says against them."""
    monkeypatch.setenv("UNROLL_HOME", str(home.root))
    found: list[Asked] = []

    def keep(one: Asked, *_: object, **__: object) -> int:
        found.append(one)
        return 0

    monkeypatch.setattr(session, "tune", keep)

    def call(*words: str) -> Asked | str:
        monkeypatch.setattr(sys, "argv", ["unroll", "tune", *words])
        with pytest.raises((SystemExit, InputError)) as ended:
            cli.app()
        if isinstance(ended.value, InputError):
            return str(ended.value)
        assert ended.value.code == 0
        return found.pop()

    return call


def test_what_is_asked_and_the_command_that_asks_it_again(
    asked: Callable[..., Asked | str],
) -> None:
    words = [
        *("temperature", "--trials", "7", "--metric", "val/mae", "--workers", "1"),
        *("--space", "train.batch_size=8..64:8", "--architecture", "gru"),
        *("--architecture", "rnn", "--seeds", "4,5", "--set", "train.max_epochs=3"),
    ]
    found = asked(*words)
    assert isinstance(found, Asked)
    assert found.experiment == load(
        "temperature", ["train.max_epochs=3", "architectures=[gru,rnn]"]
    )
    assert (found.num_trials, found.metric.key, found.seeds, found.workers) == (
        *(7, "val/mae", (4, 5), 1),
    )
    assert list(found.space) == ["train.batch_size"]
    assert asked(*found.command[2:]) == found


def test_by_default_the_first_seed_and_every_architecture(
    asked: Callable[..., Asked | str],
) -> None:
    found = asked("temperature")
    assert isinstance(found, Asked)
    assert (found.num_trials, found.metric.key, found.seeds) == (20, "val/loss", (1,))
    assert found.experiment == load("temperature")
    assert found.space_from == "the default"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["imbd"], "did you mean imdb?"),
        (["imdb", "--metric", "test/accuracy"], "a search that looks at the test split"),
        (["imdb", "--metric", "val/mae"], "--metric must be one of val/accuracy, val/loss"),
        (["imdb", "--architecture", "gruu"], "--architecture must be one of rnn, lstm, gru"),
        (["imdb", "--seeds", "one"], "--seeds must be whole numbers such as 1,2,3, got 'one'"),
        (["imdb", "--seeds", "1,1"], "seeds must not repeat a value, got [1, 1] (--seeds)"),
        (["imdb", "--seeds", "["], "--seeds must be whole numbers such as 1,2,3, got '['"),
        (["imdb", "--space", "train.batch_size=64..8"], "low must be less than high"),
        (["imdb", "--set", "compare.metric=test/mae"], "compare.metric must be one of test/acc"),
        (["imdb", "--set", "ingest.source=/no/folder"], "must be an existing folder, a Hub data"),
        (
            ["imdb", "--set", "grid={train.learning_rate: [1e-3,3e-4]}"],
            "a search varies the",
        ),
        (["imdb", "--set", "resources.cluster.local=2"], "a search runs on this machine alone"),
        (["imdb", "--set", "train.batch_size=0"], "train.batch_size must be at least 1, got 0"),
    ],
)
def test_a_mistake_is_one_line_before_anything_starts(
    asked: Callable[..., Asked | str], words: list[str], said: str
) -> None:
    answer = asked(*words)
    assert isinstance(answer, str)
    assert said in answer
    assert "\n" not in answer


def test_architectures_are_those_of_the_experiment_each_once() -> None:
    params = load("imdb_bidirectional")
    assert with_architectures(params, []) is params
    assert with_architectures(params, ["bilstm", "bilstm"]).architectures == ("bilstm",)
    with pytest.raises(InputError, match="must be one of lstm, bilstm, which imdb_bidirectional"):
        with_architectures(params, ["rnn"])


def test_seeds_are_read_like_a_list() -> None:
    params = load("imdb", ["seeds=[7,8]"])
    assert chosen_seeds(params, None) == (7,)
    assert chosen_seeds(params, "1, 2") == (1, 2)
