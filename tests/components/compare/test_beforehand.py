"""What the data do not allow is said before anything is trained."""

from pathlib import Path

import pytest

from components.compare.beforehand import require_comparable
from components.records import Ingested, Prepared, SequenceSpec, SplitFacts
from params.errors import InputError
from params.load import load


@pytest.mark.parametrize(
    ("experiment", "override", "positives", "said"),
    [
        ("imdb", "compare.metric=test/roc_auc", 0, "needs both labels in split test"),
        ("imdb", "compare.metric=test/roc_auc", 4, "needs both labels in split test"),
        ("imdb", "compare.metric=test/roc_auc", 3, None),
        ("imdb", "compare.metric=test/accuracy", 4, None),
        (
            *("imdb", "compare.alert={metric: test/roc_auc, drop: 0.1}", 0),
            "compare.alert.metric test/roc_auc needs both labels in split test",
        ),
        ("temperature", "evaluate.seasonal_period=97", None, "longer than the 96 days before"),
        ("temperature", "evaluate.seasonal_period=96", None, None),
    ],
)
def test_what_the_data_do_not_allow_is_said_before_training(
    experiment: str, override: str, positives: int | None, said: str | None
) -> None:
    params = load(experiment, [override])
    name, size = ("test", 4) if experiment == "imdb" else ("series", 100)
    facts = SplitFacts(num_examples=size, missing=0, repeats=0, positives=positives)
    ingested = Ingested(
        path=Path(), source="", fingerprint="", splits={name: facts}, repeats_across=0
    )
    spec = SequenceSpec(num_embeddings=None, input_size=1, output_size=1)
    prepared = Prepared(path=Path(), key="", fingerprint="", train=1, val=1, test=4, spec=spec)
    if said is None:
        require_comparable(params, ingested, prepared)
        return
    with pytest.raises(InputError, match=said):
        require_comparable(params, ingested, prepared)
