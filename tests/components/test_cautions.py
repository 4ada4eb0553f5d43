"""Who is warned of a vanilla RNN on long sequences, and in which words."""

import pytest

from components.cautions import cautions
from params.load import load


@pytest.mark.parametrize(("name", "steps"), [("imdb", 100), ("temperature", 30)])
def test_the_words_hold_for_texts_and_series(name: str, steps: int) -> None:
    assert cautions(load(name)) == (
        f"The Vanilla RNN reads up to {steps} steps before its last state is taken, but a vanilla "
        "RNN learns little from steps more than about 20 back, because its gradients shrink at "
        "every step (Bengio et al., 1994): where earlier steps matter, take lstm or gru, or set "
        "model.pooling to max or mean.",
    )


@pytest.mark.parametrize(
    ("name", "override", "warned"),
    [
        ("imdb", "architectures=[rnn]", True),
        ("imdb", "architectures=[lstm,gru,bilstm]", False),
        ("imdb", "model.pooling=max", False),
        ("imdb", "model.pooling=mean", False),
        ("imdb", "preprocess.max_length=21", True),
        ("imdb", "preprocess.max_length=20", False),
        ("temperature", "preprocess.context_length=21", True),
        ("temperature", "preprocess.context_length=20", False),
    ],
)
def test_only_a_vanilla_rnn_with_a_long_way_to_its_last_state(
    name: str, override: str, warned: bool
) -> None:
    assert len(cautions(load(name, [override]))) == warned


@pytest.mark.parametrize(
    ("directions", "steps", "warned"),
    [
        ("[true,true]", 40, False),
        ("[true,true]", 41, True),
        ("[false,true]", 40, False),
        ("[true,false]", 21, True),
        ("[false,false]", 21, True),
    ],
)
def test_a_last_layer_that_reads_both_ways_halves_the_way(
    directions: str, steps: int, warned: bool
) -> None:
    overrides = [f"model.bidirectional={directions}", f"preprocess.context_length={steps}"]
    params = load("temperature", [*overrides, "architectures=[rnn,gru]"])
    assert len(cautions(params)) == warned


@pytest.mark.parametrize(("precision", "bits"), [("bf16-mixed", "8"), ("16-mixed", "11")])
def test_another_precision_is_said_with_what_it_changes(precision: str, bits: str) -> None:
    given = load("imdb", ["architectures=[gru]", f"resources.precision={precision}"])
    (said,) = cautions(given)
    assert f"trained in {precision}: products are computed with {bits} significant bits" in said
    assert ("no bf16 for them" in said) is (precision == "bf16-mixed")


@pytest.mark.parametrize(
    ("changes", "devices"),
    [
        (["resources.devices=2", "model.dropout=0.2"], 2),
        (
            [
                *("resources.devices=2", "resources.num_nodes=2", "model.dropout=[0.0,0.2]"),
                *("resources.rendezvous=head:29500", "model.hidden_sizes=[8,8]"),
            ],
            4,
        ),
        (["resources.devices=2", "model.dropout=0"], None),
        (["resources.devices=2", "grid={model.dropout: [0.0, 0.5]}"], 2),
        (["resources.devices=1", "model.dropout=0.2"], None),
    ],
)
def test_several_devices_draw_other_masks_than_one(changes: list[str], devices: int | None) -> None:
    said = cautions(load("imdb", ["architectures=[gru]", *changes]))
    assert len(said) == (devices is not None)
    assert all(
        one.startswith(f"{devices} devices share a training and each draws dropout masks of its")
        for one in said
    )
