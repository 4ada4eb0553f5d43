"""What was done to compare rows, in plain words."""

from components.compare.evidence.needed import POWER
from components.compare.evidence.run_tests import (
    EXACT_BELOW,
    LEAST_WINDOWS_A_STEP,
    RUN_TESTS,
    can_test,
)
from components.compare.evidence.sample import Sample
from components.metrics import Metric
from components.records import Method


def method_of(
    metric: Metric, sample: Sample, *, num_pairs: int, smallest_difference: float
) -> Method:
    """How intervals and pairs were made; its sentences can be read one by one."""
    several = any(len(row.runs) > 1 for row in sample.rows.values())
    on_log_odds = "; that of a row's accuracy, F1 or ROC AUC is found on the scale of log odds"
    sentences = [
        "Every interval is a 95 % interval of the mean over the seeds, and both rows of a pair are "
        "scored on the same test examples.",
        test_sample_sentence(metric, sample),
        seeds_sentence(several=several),
        "Both doubts are added as variances, and the interval is that of Student's t with "
        "Satterthwaite's degrees of freedom, at most those of the test sample"
        f"{on_log_odds if metric.task == 'classification' else ''}.",
    ]
    if num_pairs:
        pairs = f"all {num_pairs} pairs, baselines included" if num_pairs > 1 else "the one pair"
        sentences += [
            f"A difference is shown where p is below 0.05 after Holm's correction over {pairs}; "
            "the interval of a pair is that of this pair alone, without the correction.",
            run_test_sentence(metric, sample),
            "How many more seeds or test examples would show a difference is reckoned for a pair "
            f"alone, without Holm's correction: found in {POWER:.0%} of repetitions at level 0.05.",
        ]
    return Method(
        block_length=sample.length,
        run_test=RUN_TESTS[metric.task],
        num_pairs=num_pairs,
        smallest_difference=smallest_difference,
        sentences=tuple(sentences),
    )


def test_sample_sentence(metric: Metric, sample: Sample) -> str:
    """How the doubt of the test examples was measured."""
    if metric.task == "forecast":
        how = (
            f"a bootstrap over blocks of {sample.length} neighbouring test windows, since days are "
            "not independent"
        )
        others = "RMSE, which is no mean, has"
    else:
        how = "a bootstrap over single test examples"
        others = "F1 and ROC AUC, which are no means, have"
    return (
        f"The doubt of other test examples is the variance of {how}, in its closed form: that of "
        f"infinitely many draws, the same for every row; {others} each example's influence in the "
        "place of its score."
    )


def seeds_sentence(*, several: bool) -> str:
    """How the doubt of the seeds was measured."""
    if not several:
        return (
            "Every network ran once, so nothing is known of other seeds: differences are those of "
            "these runs."
        )
    return (
        "The doubt of other seeds is the spread of a row's runs beyond what different test "
        "examples explain; a row with one run knows nothing of other seeds."
    )


def run_test_sentence(metric: Metric, sample: Sample) -> str:
    """Which test single runs were given."""
    check = "As a check, single runs are tested two by two, without correction"
    if metric.task == "classification":
        return (
            f"{check}: which of them classifies more examples correctly, by McNemar's test, exact "
            f"where fewer than {EXACT_BELOW} examples tell them apart and else by chi-squared "
            "without continuity correction."
        )
    if not can_test(sample):
        return (
            "Single runs are not tested two by two: the test of Diebold and Mariano takes "
            f"{LEAST_WINDOWS_A_STEP} test windows for each day of the forecast."
        )
    lags = sample.horizon - 1
    return (
        f"{check}: which of them has the lower absolute error, by the test of Diebold and Mariano "
        f"with {lags} autocovariance{'' if lags == 1 else 's'} and the small-sample correction of "
        "Harvey, Leybourne and Newbold."
    )
