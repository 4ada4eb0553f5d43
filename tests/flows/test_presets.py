"""Every shipped experiment, whole, on little data: what it compares is what it says."""

from pathlib import Path

import pytest

from components.compare.evidence.bootstrap import LEAST_EXAMPLES
from components.preprocess.tokens import NUM_SPECIAL
from components.provenance import provenance
from components.records import Comparison, SequenceSpec
from components.storage import Home
from components.train import worker
from components.train.shapes import layers
from flows import experiment as flow
from flows.experiment import new_context
from params.load import load, shipped
from params.schema import Experiment

pytestmark = pytest.mark.usefixtures("prefect")


def smoke(name: str, reviews: Path) -> Experiment:
    """The preset with one seed and one epoch; its network is as it stands."""
    changes = ["seeds=[1]", "train.max_epochs=1"]
    if load(name).task == "classification":
        changes += ["preprocess.vocab_size=10"]
        if load(name).ingest.source != "inline":  # whose own data are little
            changes += [f"ingest.source={reviews}"]
    else:
        changes += ["ingest.num_days=460", "preprocess.context_length=5"]
    return load(name, changes)


@pytest.mark.parametrize("name", shipped())
def test_a_preset_runs_whole(name: str, reviews: Path, home: Home) -> None:
    params = smoke(name, reviews)
    context = new_context(params, home, fresh=False)
    worker.preload()
    flow.run(params, context, provenance(params, ["unroll", "run", name]))
    folder = home.reports / context.id
    comparison = Comparison.model_validate_json((folder / "comparison.json").read_text())
    assert comparison.missing == ()
    networks = {row.name: row for row in comparison.rows if row.kind == "network"}
    assert set(networks) == set(params.architectures)
    baselines = {row.name for row in comparison.rows if row.kind == "baseline"}
    assert baselines == set(params.evaluate.baselines)
    words = None if params.task == "forecast" else 10 + NUM_SPECIAL
    spec = SequenceSpec(num_embeddings=words, input_size=1, output_size=1)
    for architecture, row in networks.items():
        expected = sum(one.num_parameters for one in layers(architecture, params.model, spec))
        assert row.num_parameters == expected
    spreads = [row.metrics[comparison.metric] for row in comparison.rows]
    if comparison.data.test < LEAST_EXAMPLES:
        assert comparison.pairs == ()
        assert [spread.interval for spread in spreads] == [None] * len(spreads)
    else:
        assert len(comparison.pairs) == len(spreads) * (len(spreads) - 1) / 2
        for spread in spreads:
            assert spread.interval is not None
            assert spread.interval[0] <= spread.mean <= spread.interval[1]
    assert (folder / "report.html").stat().st_size > 1_000_000


def test_the_tutorials_networks() -> None:
    """Their sizes, as Keras counts them; torch has a second bias for each gate of a layer."""
    stacked = load("imdb_stacked")
    spec = SequenceSpec(num_embeddings=10_000 + NUM_SPECIAL, input_size=1, output_size=1)
    total = sum(one.num_parameters for one in layers("lstm", stacked.model, spec))
    keras = 727_745
    two_more_words = 2 * 64
    second_biases = 2 * 4 * 64 + 4 * 32
    assert total == keras + two_more_words + second_biases
    lstm, bilstm = (
        sum(one.num_parameters for one in layers(name, load("imdb_bidirectional").model, spec))
        for name in ("lstm", "bilstm")
    )
    assert lstm == 673_089 + two_more_words + 4 * 64
    assert bilstm == 706_177 + two_more_words + 2 * 4 * 64
