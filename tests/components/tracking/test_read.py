"""Which run answers: every test has a database of its own, with runs as a flow leaves them."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from components.storage import Home
from components.tracking import read
from components.tracking.opening import Tracking, open_tracking
from params.errors import InputError

Losses = Mapping[tuple[str, int], Sequence[float]]


@pytest.fixture
def opened(home: Home) -> Tracking:
    return open_tracking(home, "tiny")


@pytest.fixture
def add(opened: Tracking) -> Callable[..., dict[str, str]]:
    """Adds a comparison with finished runs; gives the run ids by name, the comparison's as its id.

    `runs` are the losses of each epoch; those in `unfinished` lack the tag that says complete.
    """
    client = opened.client()

    def call(id: str, start: int, runs: Losses, unfinished: Sequence[str] = ()) -> dict[str, str]:
        tags = {"unroll.comparison": id}
        parent = client.create_run(
            opened.experiment_id, start, {**tags, "unroll.kind": "comparison"}, id
        )
        ids = {id: parent.info.run_id}
        for (architecture, seed), losses in runs.items():
            own = {"unroll.architecture": architecture, "unroll.seed": str(seed)}
            name = f"{architecture}-seed{seed}"
            run = client.create_run(
                opened.experiment_id, start + 1, {**tags, **own, "unroll.kind": "run"}, name
            )
            ids[name] = run.info.run_id
            for epoch, loss in enumerate(losses, 1):
                client.log_metric(run.info.run_id, "val/loss", loss, step=epoch)
            client.log_text(run.info.run_id, f"name: {name}\n", "params.yaml")
            if name not in unfinished:
                client.set_terminated(run.info.run_id)
                client.set_tag(run.info.run_id, "unroll.complete", "true")
        return ids

    return call


def find(home: Home, experiment: str = "tiny", **options: Any) -> read.FinishedRun:
    return read.find_run(home.tracking_uri, experiment, home.root / "scratch", **options)


def test_the_best_epoch_of_the_latest_comparison_answers(
    home: Home, add: Callable[..., dict[str, str]]
) -> None:
    add("old", 1_000, {("lstm", 1): [0.1]})
    ids = add("new", 2_000, {("lstm", 1): [0.9, 0.4, 0.7], ("gru", 2): [0.5, 0.3, 0.8]})
    add("newest", 3_000, {("lstm", 1): [0.2]}, unfinished=["lstm-seed1"])
    found = find(home)
    assert (found.run_id, found.name) == (ids["gru-seed2"], "gru seed 2")
    assert (found.comparison, found.val_loss) == ("new", 0.3)
    assert (found.folder / "params.yaml").read_text() == "name: gru-seed2\n"
    assert found.folder.is_relative_to(home.artifacts)  # nothing was copied
    assert not (home.root / "scratch").exists()


def test_an_architecture_answers_from_the_latest_comparison_that_has_it(
    home: Home, add: Callable[..., dict[str, str]]
) -> None:
    ids = add("old", 1_000, {("rnn", 1): [0.7], ("rnn", 2): [0.6], ("lstm", 1): [0.1]})
    add("new", 2_000, {("lstm", 1): [0.4], ("rnn", 1): [0.1]}, unfinished=["rnn-seed1"])
    found = find(home, architecture="rnn")
    assert (found.run_id, found.comparison) == (ids["rnn-seed2"], "old")
    assert find(home, architecture="lstm").comparison == "new"


def test_a_comparison_is_as_late_as_its_own_start(
    home: Home, add: Callable[..., dict[str, str]]
) -> None:
    add("first", 1_000, {("lstm", 1): [0.1]})
    add("second", 1_001, {})
    ids = add("third", 900, {("lstm", 2): [0.2]})
    assert find(home).comparison == "first"
    assert find(home, run_id=ids["lstm-seed2"][:12]).name == "lstm seed 2"


def test_what_the_alert_refused_answers_only_where_nothing_else_does(
    home: Home, opened: Tracking, add: Callable[..., dict[str, str]]
) -> None:
    add("old", 1_000, {("lstm", 1): [0.5]})
    for start in (2_000, 3_000):
        ids = add(f"refused-{start}", start, {("lstm", 1): [0.2], ("gru", 1): [0.3]})
        opened.client().set_tag(ids[f"refused-{start}"], "unroll.regression", "it is worse")
    found = find(home)
    assert (found.comparison, found.refused) == ("old", "refused-3000")
    alone = find(home, architecture="gru")
    assert (alone.comparison, alone.refused) == ("refused-3000", "")
    add("new", 4_000, {("lstm", 1): [0.9]})
    assert (find(home).comparison, find(home).refused) == ("new", "")


def test_equal_losses_are_decided_by_name(home: Home, add: Callable[..., dict[str, str]]) -> None:
    add("one", 1_000, {("lstm", 2): [0.5], ("lstm", 1): [0.5], ("rnn", 1): [0.5]})
    assert find(home).name == "lstm seed 1"


def test_a_run_is_found_by_the_start_of_its_id(
    home: Home, add: Callable[..., dict[str, str]]
) -> None:
    ids = add("one", 1_000, {("lstm", 1): [0.5], ("gru", 1): [0.9, 0.7, 0.8]})
    for length in (32, 20):
        found = find(home, run_id=ids["gru-seed1"][:length])
        assert (found.run_id, found.val_loss) == (ids["gru-seed1"], 0.7)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"experiment": "tini"},
            "no experiment called 'tini' was run; did you mean tiny? there are runs of tiny; "
            "no params file of that name comes with Unroll",
        ),
        (
            {"experiment": "imbd_offline"},
            "'imbd_offline' was run; did you mean imdb_offline? there are runs of tiny; no params",
        ),
        ({"experiment": "imdb"}, "'imdb' was run; there are runs of tiny; run `unroll run imdb` f"),
        ({"experiment": "nope"}, "'nope' was run; there are runs of tiny; no params file of that"),
        ({"architecture": "gru"}, "tiny has no finished run of gru; run its params file first"),
        ({"run_id": "xyz"}, "--run xyz: no run of tiny has an id that begins so"),
        ({"run_id": "%"}, "--run %: no run of tiny has an id that begins so"),
        ({"run_id": "comparison"}, "--run * is the comparison one; give the id of one of its runs"),
        ({"run_id": "rnn-seed1"}, "--run * (rnn-seed1) did not finish: its status is RUNNING"),
        ({"run_id": "common"}, "--run *: several runs of tiny begin so; give more of the id"),
    ],
)
def test_a_run_that_cannot_answer_is_told(
    home: Home, add: Callable[..., dict[str, str]], options: dict[str, str], said: str
) -> None:
    sixteen = {("lstm", seed): [0.5] for seed in range(17)}  # two of them begin alike
    ids = add("one", 1_000, {**sixteen, ("rnn", 1): [0.4]}, unfinished=["rnn-seed1"])
    starts = sorted(run_id[0] for run_id in ids.values())
    ids["common"] = next(one for one, two in pairwise(starts) if one == two)
    ids["comparison"] = ids["one"]
    options = {key: ids.get(value, value) for key, value in options.items()}
    with pytest.raises(InputError) as caught:
        find(home, **options)
    assert said.replace("*", options.get("run_id", "")) in str(caught.value)


def test_an_experiment_without_a_finished_run(
    home: Home, add: Callable[..., dict[str, str]], opened: Tracking
) -> None:
    add("one", 1_000, {("lstm", 1): [0.5]}, unfinished=["lstm-seed1"])
    with pytest.raises(InputError, match=r"^tiny has no finished run; run its params file first$"):
        find(home)
    opened.client().delete_experiment(opened.experiment_id)
    with pytest.raises(
        InputError, match=r"^no experiment called 'tiny' was run; there are no runs"
    ):
        find(home)


def test_files_that_are_gone_are_told(home: Home, add: Callable[..., dict[str, str]]) -> None:
    ids = add("one", 1_000, {("lstm", 1): [0.5]})
    home.artifacts.rename(home.root / "elsewhere")
    with pytest.raises(InputError, match=f"^the files of run {ids['lstm-seed1']} are not at "):
        find(home)


def test_files_on_a_server_are_copied(
    home: Home,
    add: Callable[..., dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = add("one", 1_000, {("lstm", 1): [0.5]})
    asked: list[tuple[str, ...]] = []
    get_run = MlflowClient.search_runs

    def on_server(self: MlflowClient, *of: Any, **named: Any) -> Any:
        page = get_run(self, *of, **named)
        for run in page:
            run.info._artifact_uri = f"mlflow-artifacts:/{run.info.run_id}/artifacts"
        return page

    def download(self: MlflowClient, run_id: str, path: str, to: str | None = None) -> str:
        assert to is not None
        asked.append((run_id, path, to))
        return to

    monkeypatch.setattr(MlflowClient, "search_runs", on_server)
    monkeypatch.setattr(MlflowClient, "download_artifacts", download)
    scratch = tmp_path / "scratch"
    found = read.find_run(home.tracking_uri, "tiny", scratch)
    assert found.folder == scratch
    assert asked == [(ids["lstm-seed1"], "", str(scratch))]


def test_a_server_that_is_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(
        InputError,
        match=r"^MLflow at http://127.0.0.1.* did not answer: Connection refused; start it",
    ):
        read.find_run("http://127.0.0.1:1", "tiny", tmp_path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database, but long enough to be taken for one")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    with pytest.raises(InputError) as caught:
        read.find_run(uri, "imdb", tmp_path)
    said = f"MLflow's database {uri} cannot be read: file is not a database"
    assert str(caught.value) == said
