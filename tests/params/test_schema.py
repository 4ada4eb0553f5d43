"""What the schema promises of every params model, and what it derives."""

import pytest
from pydantic import BaseModel, ValidationError

from params.errors import InputError
from params.load import load
from params.names import Architecture
from params.schema import Experiment
from params.sections import SeriesModel

CHANGES = [
    *("name=other", "seeds=[1, 2]", "seeds=[2, 1, 3]", "architectures=[lstm, rnn, gru, bilstm]"),
    *("ingest.source=other/imdb", "ingest.duplicates=drop", "preprocess.vocab_size=5001"),
    *("preprocess.val_fraction=0.2000001", "model.pooling=mean", "model.dropout=[0.0]"),
    *("model.head_sizes=[1]", "train.patience=3"),
    *("train.learning_rate=2e-3", "evaluate.baselines=[]", "compare.metric=test/f1"),
    "compare.smallest_difference=0.01",
    "compare.alert={metric: test/accuracy, drop: 0.01}",
    "compare.alert={metric: test/accuracy, drop: 0.02}",
    *("report.title=Another?", "report.excerpts=false"),
]


def models_of(experiment: Experiment) -> list[BaseModel]:
    sections = (getattr(experiment, name) for name in type(experiment).model_fields)
    return [experiment, *(section for section in sections if isinstance(section, BaseModel))]


def test_the_digest_changes_exactly_when_a_value_does() -> None:
    digests = [load("imdb", [change]).digest() for change in CHANGES]
    assert len({load("imdb").digest(), *digests}) == len(CHANGES) + 1
    same = ["train.learning_rate=0.001", "train.gradient_clip_val=5", "preprocess.split_seed=0"]
    for change in [*same, "report.excerpts=true", "compare.alert=null"]:
        assert load("imdb", [change]).digest() == load("imdb").digest()
    assert len(load("imdb").digest()) == 16


def test_what_only_some_experiments_have_is_no_part_of_the_others() -> None:
    imdb = load("imdb")
    assert set(imdb.ingest.model_dump()) == {
        *("source", "revision", "text_column", "label_column", "duplicates", "held_out"),
        "split_seed",
    }
    assert imdb.evaluate.model_dump() == {"baselines": ("majority", "tfidf_logistic")}
    assert imdb.compare.model_dump() == {"metric": "test/accuracy"}
    given = load("imdb", ["evaluate.texts=[one]"])
    assert given.evaluate.digest() != imdb.evaluate.digest()
    assert set(imdb.report.model_dump()) == {"title"}
    inline = load("text_pipeline").ingest
    assert set(inline.model_dump()) == {"source", "duplicates", "inline"}


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    section = load("imdb").train
    values = section.model_dump()
    turned = type(section)(**dict(reversed(values.items())))
    assert turned.digest() == section.digest()


@pytest.mark.parametrize("name", ["imdb", "temperature", "text_pipeline"])
def test_every_model_is_frozen_closed_and_explained(name: str) -> None:
    for model in models_of(load(name)):
        field = next(iter(type(model).model_fields))
        with pytest.raises(ValidationError, match="frozen"):
            setattr(model, field, getattr(model, field))
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            type(model)(**model.model_dump(), another=1)
        for key, info in type(model).model_fields.items():
            section = isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
            assert section or info.description or key == "task", key


def model(**changes: object) -> SeriesModel:
    values = {"hidden_sizes": (4, 3), "dropout": 0.0, "pooling": "last", "head_sizes": ()}
    return SeriesModel(**values | changes)


@pytest.mark.parametrize(
    ("dropout", "per_layer"), [(0.2, (0.2, 0.2)), ((0.0, 0.5), (0.0, 0.5)), (0.0, (0.0, 0.0))]
)
def test_dropout_is_one_number_or_one_a_layer(
    dropout: float | tuple[float, ...], per_layer: tuple[float, ...]
) -> None:
    assert model(dropout=dropout).dropout_per_layer == per_layer


@pytest.mark.parametrize(
    ("bidirectional", "architecture", "directions"),
    [
        (None, "lstm", (False, False)),
        (None, "bilstm", (True, True)),
        ((True, False), "rnn", (True, False)),
        ((True, False), "bilstm", (True, False)),
    ],
)
def test_the_architecture_says_which_layers_read_both_ways_unless_params_do(
    bidirectional: tuple[bool, ...] | None,
    architecture: Architecture,
    directions: tuple[bool, ...],
) -> None:
    assert model(bidirectional=bidirectional).directions(architecture) == directions


def test_one_way_layers_are_refused_for_bilstm_alone() -> None:
    one_way = ["model.bidirectional=[false]"]
    assert load("imdb", [*one_way, "architectures=[lstm]"]).model.directions("lstm") == (False,)
    with pytest.raises(InputError, match="bilstm, got false for every layer"):
        load("imdb", [*one_way, "architectures=[bilstm]"])


def test_an_lstm_and_a_bilstm_that_would_be_one_network_are_refused() -> None:
    both_ways = ["model.bidirectional=[true]"]
    allowed = load("imdb", [*both_ways, "architectures=[rnn, lstm]"])
    assert allowed.model.directions("rnn") == (True,)
    with pytest.raises(InputError, match="they would be the same network"):
        load("imdb", [*both_ways, "architectures=[lstm, bilstm]"])


@pytest.mark.parametrize(("context_length", "fits"), [(1094, True), (1095, False)])
def test_a_window_is_at_most_as_long_as_the_series(context_length: int, fits: bool) -> None:
    overrides = [f"preprocess.context_length={context_length}"]
    if fits:
        load("temperature", overrides)
        return
    with pytest.raises(ValueError, match="at most the 1095 days of the series, got 1096"):
        load("temperature", overrides)
