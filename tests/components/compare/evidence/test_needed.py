"""How many more seeds or examples would show a difference, against numbers worked by hand."""

import numpy as np
import pytest

from components.compare.evidence.needed import MOST_SEEDS, PairVariances, more_examples, more_seeds


def variances(
    shared: float,
    runs: tuple[float, float] = (0.0, 0.0),
    own: tuple[float, float] = (0.0, 0.0),
    num_seeds: tuple[int, int] = (0, 0),
) -> PairVariances:
    return PairVariances(
        shared=np.array([shared]),
        freedom=9_999,
        own=np.array(own)[:, None],
        runs=np.array(runs)[:, None],
        num_seeds=np.array(num_seeds)[:, None],
    )


def test_examples_alone() -> None:
    """1.960 and 0.842 times an error of 0.005 are 0.0140; for 0.0070, four times the examples."""
    assert more_examples(variances(0.005**2), 0.0070, 10_000)[0] == pytest.approx(30_060, rel=2e-3)
    assert more_examples(variances(0.005**2), 0.0141, 10_000)[0] == 0


def test_what_is_found_is_the_least_that_does() -> None:
    """Two networks with three seeds each, their runs 0.01 apart: t instead of the normal."""
    doubts = variances(0.0, runs=(0.01**2 / 3,) * 2, num_seeds=(3, 3))
    number = int(more_seeds(doubts, 0.01)[0])
    # By the usual table, 17 in each group show a difference of one deviation in four of five.
    assert number == 17 - 3


def test_seeds_cannot_help_where_the_examples_are_too_few() -> None:
    doubts = variances(0.01**2, runs=(0.001**2,) * 2, num_seeds=(3, 3))
    assert more_seeds(doubts, 0.02)[0] == -1
    assert more_examples(doubts, 0.02, 1_000)[0] > 0


def test_examples_cannot_help_where_the_seeds_differ() -> None:
    doubts = variances(0.0001**2, runs=(0.01**2,) * 2, num_seeds=(3, 3))
    assert more_examples(doubts, 0.02, 1_000)[0] == -1
    assert 0 < more_seeds(doubts, 0.02)[0] < MOST_SEEDS


def test_what_is_a_run_s_own_shrinks_with_examples_as_well() -> None:
    """All that sets the runs apart are their examples: more of them help without an end."""
    doubts = variances(0.0, runs=(0.01**2,) * 2, own=(0.01**2,) * 2, num_seeds=(30, 30))
    assert more_examples(doubts, 0.01, 1_000)[0] == pytest.approx(15_100, rel=0.05)


@pytest.mark.parametrize("num_seeds", [(1, 3), (0, 1), (0, 0)])
def test_of_one_seed_or_none_nothing_is_known(num_seeds: tuple[int, int]) -> None:
    assert more_seeds(variances(0.0, num_seeds=num_seeds), 0.01)[0] == -1


def test_a_baseline_has_no_seeds_to_add() -> None:
    with_baseline = variances(0.0, runs=(0.0, 0.01**2 / 3), num_seeds=(0, 3))
    assert more_seeds(with_baseline, 0.01)[0] == 10 - 3  # ten show a deviation in four of five


def test_a_pair_that_needs_none_waits_for_one_that_needs_many() -> None:
    """Both are looked for together: one seed each in one pair, three in the other."""
    both = PairVariances(
        shared=np.array([0.001**2, 0.0]),
        freedom=9_999,
        own=np.zeros((2, 2)),
        runs=np.array([[0.0, 0.01**2 / 3], [0.0, 0.01**2 / 3]]),
        num_seeds=np.array([[1, 3], [1, 3]]),
    )
    assert more_seeds(both, 0.01).tolist() == [-1, 17 - 3]
    assert more_examples(both, 0.01, 1_000)[0] == 0
