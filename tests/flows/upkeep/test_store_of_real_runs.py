"""What real runs leave in the store: every output is somebody's, and nothing is pickled."""

import math
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from pydantic import TypeAdapter
from safetensors import safe_open

from components import usage
from components.metrics import VAL_LOSS, metrics_of
from components.provenance import provenance
from components.storage import Home
from components.train import worker
from flows import experiment as flow
from flows.experiment import new_context
from flows.tuning import session
from flows.tuning.asked import Asked
from flows.upkeep.clean import look
from flows.upkeep.plan import make_plan
from flows.upkeep.wanted import Wish
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment
from params.space import space_of

READABLE = {".parquet", ".safetensors", ".json", ".jsonl", ".log"}


def run(params: Experiment, home: Home) -> None:
    worker.preload()
    context = new_context(params, home, fresh=False)
    flow.run(params, context, provenance(params, ["unroll", "run", params.name]))


def files(home: Home) -> list[Path]:
    """All files of outputs."""
    return [
        path
        for path in home.store.root.rglob("*")
        if path.is_file() and path.suffix != ".lock" and usage.USERS not in path.parts
    ]


def check_readable(path: Path) -> None:
    """See that a file is what its name says: a format in which nothing can be executed."""
    assert path.suffix in READABLE, path
    if path.suffix == ".parquet":
        pq.read_schema(path)
    elif path.suffix == ".safetensors":
        with safe_open(path, "numpy") as tensors:
            assert list(tensors.keys())
    else:
        text = path.read_text(encoding="utf-8")
        documents = {".json": [text], ".jsonl": text.splitlines(), ".log": []}[path.suffix]
        for document in documents:
            TypeAdapter(dict[str, object] | list[object]).validate_json(document)


@pytest.mark.usefixtures("prefect")
def test_each_output_is_referred_to_and_is_readable_without_executing_anything(
    tiny_imdb: ClassificationExperiment, tiny_temperature: ForecastExperiment, home: Home
) -> None:
    few = {"architectures": ("rnn", "gru")}
    for params in (tiny_imdb.model_copy(update=few), tiny_temperature.model_copy(update=few)):
        run(params, home)
    found = replace(look(home), since=math.inf)  # as if this process had never used anything
    # ingest, preprocess, two trainings and their scores, what was measured; the baselines
    baselines = len(tiny_imdb.evaluate.baselines) + len(tiny_temperature.evaluate.baselines)
    assert [one.kind for one in found.stored] == ["output"] * (2 * 7 + baselines)
    assert make_plan(found, Wish()).items == ()
    for path in files(home):
        check_readable(path)

    client = MlflowClient(home.tracking_uri)
    for one in found.comparisons:
        if one.experiment == tiny_imdb.name:
            for known in one.runs:
                client.delete_run(known.info.run_id)
    found = replace(look(home), since=math.inf)
    going = [item for item in make_plan(found, Wish()).items if item.kind == "output"]
    assert len(going) == 7 + len(tiny_imdb.evaluate.baselines)


@pytest.mark.usefixtures("prefect")
def test_what_a_search_trained_is_its_trials_until_they_are_deleted(
    tiny_imdb: ClassificationExperiment, home: Home
) -> None:
    params = tiny_imdb.model_copy(update={"architectures": ("gru",)})
    space, where = space_of(params, ["preprocess.max_length=[4,10]"])
    asked = Asked(
        experiment=params,
        space=space,
        space_from=where,
        metric=metrics_of(params.task)[VAL_LOSS],
        num_trials=3,
        seeds=(1,),
        workers=1,
        command=["unroll", "tune", params.name],
    )
    assert session.tune(asked, home, as_json=False) == 0
    found = replace(look(home), since=math.inf)
    # Both lengths were tried, and there is no third.
    stored = ["ingest", "preprocess", "preprocess", "train", "train"]
    assert sorted(one.name.partition("/")[0] for one in found.stored) == stored
    assert [one.unknown for one in found.comparisons] == [""]
    assert make_plan(found, Wish()).items == ()

    # What a search leaves that is killed in the midst of a trial goes on from its checkpoint.
    trained = next(one for one in found.stored if one.name.startswith("train/"))
    trained.path.rename(trained.path.with_suffix(".partial"))
    found = replace(look(home), since=math.inf)
    assert {one.kind for one in found.stored} == {"output", "partial"}
    assert make_plan(found, Wish()).items == ()

    client = MlflowClient(home.tracking_uri)
    for run in found.comparisons[0].runs:
        if run.data.tags["unroll.kind"] == "trial":
            client.delete_run(run.info.run_id)
    found = replace(look(home), since=math.inf)
    items = make_plan(found, Wish()).items
    kinds = sorted(item.kind for item in items if item.name.startswith("store "))
    assert kinds == ["output", "output", "partial"]  # the other length, and both trainings
