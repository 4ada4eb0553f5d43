"""What a person wants otherwise than it was: how it is read, and the command that says it again."""

import pytest

from components.tracking.made_from import MadeFrom
from flows.reruns import again
from flows.reruns.again import Changes
from params.errors import InputError
from params.load import load, to_yaml


def source(seed: int | None = None, params: str | None = None) -> MadeFrom:
    return MadeFrom(
        run_id="1f",
        called="temperature-1" if seed is None else "1f (lstm-seed2 of temperature-1)",
        comparison="temperature-1",
        created="2026-01-02T03:04:05+00:00",
        architecture=None if seed is None else "lstm",
        seed=seed,
        params=to_yaml(load("temperature", ["train.max_epochs=4"])) if params is None else params,
        fingerprint="abc",
        code_revision="0123456789abcdef",
        versions={"torch": "2.12.0"},
    )


def test_options_of_their_own_stand_for_their_keys() -> None:
    changes = Changes(("train.max_epochs=5",), ("lstm", "gru"), "1, 02,3")
    assert changes.all_overrides() == [
        "train.max_epochs=5",
        "architectures=[lstm,gru]",
        "seeds=[1, 2, 3]",
    ]
    assert changes.words() == [
        *("--set", "train.max_epochs=5"),
        *("--architecture", "lstm", "--architecture", "gru"),
        *("--seeds", "1, 02,3"),
    ]
    assert Changes().all_overrides() == Changes().words() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (Changes(architectures=("cnn",)), "--architecture must be one of rnn, lstm, gru, bilstm, "),
        (Changes(seeds="1,a"), "--seeds must be whole numbers such as 1,2,3, got '1,a'"),
        (Changes(seeds=""), "--seeds must be whole numbers such as 1,2,3, got ''"),
        (Changes(seeds="-1"), "seeds must be at least 0, got -1 (--seeds)"),
        (Changes(seeds="1]"), "--seeds must be whole numbers such as 1,2,3, got '1]'"),
        (Changes(seeds="1,1"), "seeds must not repeat a value, got [1, 1] (--seeds)"),
        (Changes(seeds="1,4294967296"), "must be less than 4294967296, got 4294967296 (--seeds)"),
        (Changes(architectures=("gru", "gru")), "must not repeat a value, got ['gru', 'gru'] (--a"),
        (Changes(("train.max_epochs=0",)), "must be at least 1, got 0 (--set train.max_epochs)"),
        (Changes(("train.epochs=3",)), "train.epochs is not a known key"),
    ],
)
def test_a_change_that_is_not_allowed(changes: Changes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        again.changed(again.as_it_was(source()), source(), changes)
    assert said in str(caught.value)


def test_a_run_asks_for_itself_alone_unless_told_otherwise() -> None:
    run = source(seed=2)
    before = again.as_it_was(run)
    assert (before.architectures, before.seeds, before.train.max_epochs) == (("lstm",), (2,), 4)
    assert again.changed(before, run, Changes()) == before
    other = again.changed(before, run, Changes(architectures=("gru",)))
    assert (other.architectures, other.seeds) == (("gru",), (2,))
    asked = again.asked_again(run, other, Changes(architectures=("gru",)))
    assert list(asked.command) == ["rerun", "1f", "--architecture", "gru"]
    assert asked.tags == {"unroll.rerun_of": "temperature-1", "unroll.rerun_of_run": "1f"}


def test_a_comparison_asks_for_all_of_it() -> None:
    whole = source()
    before = again.as_it_was(whole)
    assert before == load("temperature", ["train.max_epochs=4"])
    asked = again.asked_again(whole, before, Changes())
    assert list(asked.command) == ["rerun", "temperature-1"]
    assert asked.tags == {"unroll.rerun_of": "temperature-1"}


def test_params_of_another_version_are_one_clear_line() -> None:
    with pytest.raises(
        InputError, match=r"^the params of temperature-1 cannot be used by this ver"
    ):
        again.as_it_was(source(params="task: forecast\nunknown: 1\n"))


def test_the_difference_is_told_line_by_line() -> None:
    from components.provenance import provenance, short

    whole = source()
    before = again.as_it_was(whole)
    params = again.changed(before, whole, Changes(("train.max_epochs=5",), seeds="4"))
    now = provenance(params, ["unroll"])
    assert list(again.said(whole, before, params, now)) == [
        "rerun of temperature-1, of 2026-01-02 03:04 UTC",
        "  seeds: [1, 2, 3] -> [4]",
        "  train.max_epochs: 4 -> 5",
        f"  code revision: 0123456789 -> {short(now.code_revision)}",
        f"  torch: 2.12.0 -> {now.versions['torch']}",
    ]
    same = whole.model_copy(update={"code_revision": now.code_revision, "versions": now.versions})
    assert list(again.said(same, before, before, now))[1:] == [
        "  no difference in params, code and versions"
    ]
