"""The points of a grid, and what a grid may not ask for."""

from pathlib import Path

import pytest

from params.errors import InputError
from params.grid import described, num_trainings, points
from params.load import load, to_yaml

GRID = ["train.learning_rate=1e-3,3e-4", "model.hidden_sizes=[64],[64, 32]"]


def test_every_combination_is_a_point_and_the_first_key_changes_slowest() -> None:
    experiment = load("imdb", ["train.batch_size=7"], GRID)
    found = points(experiment)
    assert [(one.train.learning_rate, one.model.hidden_sizes) for one in found] == [
        *((0.001, (64,)), (0.0003, (64,)), (0.001, (64, 32)), (0.0003, (64, 32))),
    ]
    # A point is what the same params would be without a grid.
    alone = ["train.batch_size=7", "train.learning_rate=0.0003", "model.hidden_sizes=[64,32]"]
    assert found[-1] == load("imdb", alone)
    assert [one.digest() for one in found].count(found[0].digest()) == 1
    # It is the same grid in whatever order its keys are given; that of the values counts.
    turned = load("imdb", ["train.batch_size=7"], GRID[::-1])
    assert (points(turned), turned.digest()) == (found, experiment.digest())
    other = load("imdb", ["train.batch_size=7"], ["train.learning_rate=3e-4,1e-3", GRID[1]])
    assert other.digest() != experiment.digest()


def test_without_a_grid_there_is_one_point_and_nothing_changes() -> None:
    experiment = load("imdb")
    assert points(experiment) == (experiment,)
    assert "grid" not in to_yaml(experiment)
    assert "grid" not in experiment.model_dump()
    assert experiment.digest() == "1b3d5bb975129f6b"  # that of the version before there were grids


def test_a_params_file_says_the_grid(tmp_path: Path) -> None:
    experiment = load("temperature", [], ["train.patience=null,3", "model.pooling=last,max"])
    path = tmp_path / "grid.yaml"
    path.write_text(to_yaml(experiment))
    again = load(str(path))
    assert (again, again.digest()) == (experiment, experiment.digest())
    assert list(again.grid) == ["model.pooling", "train.patience"]
    assert again.digest() != load("temperature").digest()
    # An option takes the place of that key alone.
    other = load(str(path), [], ["train.patience=9"])
    assert other.grid == {"train.patience": (9,), "model.pooling": ("last", "max")}
    assert load(str(path), ["grid={}"]) == load("temperature")


def test_texts_may_be_prepared_in_several_ways() -> None:
    experiment = load(
        "imdb", [], ["preprocess.max_length=50,100", "preprocess.truncation_side=start,end"]
    )
    read = [
        (one.preprocess.max_length, one.preprocess.truncation_side) for one in points(experiment)
    ]
    assert read == [(50, "start"), (50, "end"), (100, "start"), (100, "end")]


def test_how_many_trainings_it_will_be() -> None:
    assert num_trainings(load("imdb", [], GRID)) == (
        "2 x 2 x 4 architectures x 3 seeds = 48 trainings"
    )
    one = load("imdb", ["architectures=[gru]", "seeds=[1]"], ["train.batch_size=32"])
    assert num_trainings(one) == "1 x 1 architecture x 1 seed = 1 training"
    assert described({"train.learning_rate": 3e-4, "model.hidden_sizes": [64]}) == (
        "train.learning_rate 0.0003, model.hidden_sizes [64]"
    )


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        (
            ["train.batch_size=8,16", "train.learning_rate=1e-3,-1"],
            "train.learning_rate must be more than 0.0, got -1 (--grid, at train.batch_size 8, "
            "train.learning_rate -1)",
        ),
        (
            ["model.hidden_sizes=[8],[8,4]", "model.dropout=0.1,[0.1,0.2]"],
            "model.dropout must have one value for each of the 1 layers in hidden_sizes, got 2 "
            "(--grid, at model.dropout [0.1, 0.2], model.hidden_sizes [8])",
        ),
        (
            ["model.hidden_sizes=64,128"],
            "model.hidden_sizes must be a list, got 64 (--grid, at model.hidden_sizes 64)",
        ),
        (
            ["train.learning_rat=1,2"],
            "grid.train.learning_rat is not a known key; did you mean train.learning_rate? "
            "(--grid)",
        ),
        (
            ["train.lr=1,2"],
            "grid.train.lr is not a known key; known here are train.batch_size, train.max_epochs, "
            "train.learning_rate, train.weight_decay, train.gradient_clip_val, train.ema_decay, "
            "train.patience (--grid)",
        ),
        (
            ["speed=1"],
            "grid.speed is not a known key; it takes keys of train, model, preprocess.vocab_size, "
            "preprocess.max_length, preprocess.truncation_side (--grid)",
        ),
        (
            ["preprocess.val_fraction=0.1,0.2"],
            "grid must not have preprocess.val_fraction: points would be validated or tested on "
            "other examples; it takes keys of train, model, preprocess.vocab_size, "
            "preprocess.max_length, preprocess.truncation_side (--grid)",
        ),
        (["ingest.source=a,b"], "grid must not have ingest.source: points on other data cannot be"),
        (["seeds=[1],[2]"], "grid must not have seeds: every point is trained with all of them, "),
        (["compare.metric=a,b"], "grid must not have compare.metric: it changes no training; "),
        (
            ["train.weight_decay=0,0.0"],
            "grid.train.weight_decay must not repeat a value, got [0, 0.0] (--grid)",
        ),
        (
            ["train.batch_size=8,16", "model.hidden_sizes=[8],[4],[8]"],
            "grid.model.hidden_sizes must not repeat a value, got [[8], [4], [8]] (--grid)",
        ),
        (
            ["train.batch_size="],
            "--grid train.batch_size must have a value or several, such as 1e-3,3e-4",
        ),
        (
            ["train.batch_size=1", "train.batch_size=2"],
            "--grid train.batch_size is given twice; give all its values at once",
        ),
        (["train"], "--grid must look like section.key=value,value, got 'train'"),
        (["train..x=1"], "--grid must look like section.key=value,value, got 'train..x=1'"),
        (
            ["train.batch_size=1] + [2"],
            "--grid train.batch_size: '1] + [2' is not readable as a YAML list",
        ),
        (
            [f"train.batch_size={','.join(map(str, range(1, 1002)))}"],
            "grid must have at most 1,000 points, got 1,001 (--grid)",
        ),
    ],
)
def test_a_grid_that_cannot_be_is_one_line(grid: list[str], said: str) -> None:
    with pytest.raises(InputError) as caught:
        load("imdb", [], grid)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(said)


def test_windows_of_a_series_may_not_vary() -> None:
    with pytest.raises(InputError, match=r"^grid must not have preprocess.context_length: points "):
        load("temperature", [], ["preprocess.context_length=10,20"])


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "train.batch_size=4",
            "train.batch_size is given by --set and by the grid (--grid); leave one out",
        ),
        ("grid=3", "grid must be keys with lists of values, got 3 (--set grid)"),
    ],
)
def test_what_set_and_grid_both_say_is_refused(override: str, said: str) -> None:
    grid = ["train.batch_size=8,16"] if "batch" in override else []
    with pytest.raises(InputError) as caught:
        load("imdb", [override], grid)
    assert str(caught.value) == said


def test_a_mistake_is_looked_for_where_the_grid_stands(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(to_yaml(load("imdb")) + "grid:\n  train.batch_size: [8, 0]\n")
    with pytest.raises(InputError) as caught:
        load(str(path))
    assert str(caught.value) == (
        f"train.batch_size must be at least 1, got 0 ({path}, at train.batch_size 0)"
    )
    with pytest.raises(InputError, match=r"\(--set grid, at train.batch_size 0\)$"):
        load("imdb", ['grid={"train.batch_size": [0]}'])
    path.write_text(to_yaml(load("imdb")) + "grid:\n  train.batch_size: []\n")
    with pytest.raises(InputError) as caught:
        load(str(path))
    assert str(caught.value) == (
        f"grid.train.batch_size must be a list of at least 1, got [] ({path})"
    )
