"""Spaces from the command line, checked against the params that they change."""

import pytest

from params.errors import InputError
from params.load import load
from params.space import default_space, num_points, points, space_of
from params.tune import Dimension


@pytest.mark.parametrize(
    ("argument", "dimension"),
    [
        ("train.learning_rate=1e-4..1e-2:log", Dimension(low=1e-4, high=1e-2, log=True)),
        ("train.weight_decay=0..1", Dimension(low=0.0, high=1.0)),  # any number between
        ("train.batch_size=32..256:32", Dimension(low=32, high=256, step=32)),
        ("train.batch_size=8..512:log", Dimension(low=8, high=512, log=True)),
        ("model.dropout=0..0.4:0.2", Dimension(low=0.0, high=0.4, step=0.2)),
        ("model.hidden_sizes=[[32], [64]]", Dimension(choices=([32], [64]))),
        ("model.pooling=[last,mean]", Dimension(choices=("last", "mean"))),
        ("preprocess.max_length = 50..100", Dimension(low=50, high=100)),
    ],
)
def test_a_dimension_is_read_as_its_param_takes_it(argument: str, dimension: Dimension) -> None:
    space, where = space_of(load("imdb"), [argument])
    ((key, found),) = space.items()
    assert (key, where) == (argument.partition("=")[0].strip(), "--space")
    assert found == dimension
    assert list(map(type, (found.low, found.step))) == list(
        map(type, (dimension.low, dimension.step))
    )


@pytest.mark.parametrize("arguments", [[], ["train.batch_size=8..64:8"]])
def test_what_has_a_grid_is_not_searched(arguments: list[str]) -> None:
    given = ["grid={train.learning_rate: [1e-3, 3e-4], model.hidden_sizes: [[64]]}"]
    said = "imdb has a grid of model.hidden_sizes, train.learning_rate; leave it out with --set"
    with pytest.raises(InputError, match=said):
        space_of(load("imdb", given), arguments)
    assert space_of(load("imdb", [*given, "grid={}"]), arguments)[0]


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("train.learning_rate", "--space must look like KEY=LOW..HIGH"),
        ("train.learning_rate=", "--space must look like"),
        ("train.learning_rate=0.1", "--space must look like"),
        ("train.learning_rate=a..b", "--space must look like"),
        ("train.learning_rate=1..2:loge", "--space must look like"),
        ("=1..2", "--space must look like"),
        ("train.lerning_rate=1..2", "did you mean train.learning_rate? (--space)"),
        ("train.learning_rate=-1..1", "train.learning_rate must be more than 0.0, got -1"),
        ("train.learning_rate=0.1..1000", "train.learning_rate must be at most 100.0, got 1000"),
        ("train.batch_size=1.5..3", "train.batch_size must be a whole number, got 1.5 (--space)"),
        ("train.batch_size=8..16:0.5", "the step of its range must be one, got 0.5 (--space)"),
        ("model.hidden_sizes=[32,64]", "model.hidden_sizes must be a list, got 32 (--space)"),
        ("model.dropout=[[0.1,0.2],0.3]", "must have one value for each of the 1 layers"),
        ("model.pooling=[last,sum]", "model.pooling must be 'last', 'max' or 'mean'"),
        ("ingest.source=[a,b]", "must only have keys of train, model, preprocess"),
        ("architectures=[rnn,lstm]", "must only have keys of train, model, preprocess"),
    ],
)
def test_a_space_that_cannot_be_searched_is_one_line(argument: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        space_of(load("imdb"), [argument])
    assert said in str(caught.value)


def test_values_that_are_not_allowed_together_are_refused() -> None:
    alone = "model.hidden_sizes=[[32], [64, 32]]"
    together = "model.dropout=[[0.1], [0.2]]"
    space_of(load("imdb"), [alone])
    with pytest.raises(InputError, match="dropout must have one value for each of the 2 layers"):
        space_of(load("imdb"), [alone, together])


def test_a_key_is_given_once() -> None:
    argument = "train.batch_size=8..16"
    with pytest.raises(InputError, match=r"--space train\.batch_size is given twice"):
        space_of(load("imdb"), [argument, argument])


def test_the_command_line_is_the_whole_space() -> None:
    params = load("imdb", ["tune.space={train.learning_rate: {low: 0.1, high: 1}}"])
    assert list(space_of(params)[0]) == ["train.learning_rate"]
    assert space_of(params)[1] == "tune.space"
    assert list(space_of(params, ["train.batch_size=8..16"])[0]) == ["train.batch_size"]


@pytest.mark.parametrize("name", ["imdb", "temperature"])
def test_the_default_space_is_around_what_the_experiment_has(name: str) -> None:
    params = load(name)
    space, where = space_of(params)
    assert where == "the default"
    assert space["train.learning_rate"] == Dimension(low=1e-4, high=1e-2, log=True)
    sizes = {"imdb": ([32], [64], [128]), "temperature": ([32, 16], [64, 32], [128, 64])}
    assert space["model.hidden_sizes"].choices == sizes[name]
    assert space["model.dropout"] == Dimension(low=0.0, high=0.5, step=0.1)


def test_layers_of_one_unit_have_no_half() -> None:
    space = default_space(load("imdb", ["model.hidden_sizes=[1]"]))
    assert space["model.hidden_sizes"].choices == ([1], [2])


def test_the_points_of_a_space_that_has_few() -> None:
    few = {
        "a": Dimension(choices=([1], [2])),
        "b": Dimension(low=1, high=4, step=2),
        "c": Dimension(low=0.1, high=0.35, step=0.1),
    }
    assert num_points(few) == 2 * 2 * 3
    found = list(points(few))
    assert len(found) == 12
    assert found[0] == {"a": [1], "b": 1, "c": 0.1}
    assert found[-1] == {"a": [2], "b": 3, "c": pytest.approx(0.3)}


@pytest.mark.parametrize(
    "dimension",
    [
        Dimension(low=0.1, high=0.2),
        Dimension(low=0.1, high=0.2, log=True),
        Dimension(low=0.0, high=1.0, step=1e-7),
    ],
)
def test_a_space_of_too_many_points_has_no_number(dimension: Dimension) -> None:
    assert num_points({"a": Dimension(choices=(1, 2)), "b": dimension}) is None
