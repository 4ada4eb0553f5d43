"""`unroll clean`: what goes, what never goes, and that it does what it says."""

import json
import os
import re
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from components.outputs import key_of
from components.remote import Remote
from components.storage import Home
from components.tracking.opening import open_tracking
from components.tracking.owner import STARTED, holding
from components.tracking.places import PLACES
from flows.upkeep import removal
from flows.upkeep.clean import clean, look
from flows.upkeep.plan import make_plan
from flows.upkeep.removal import remove
from flows.upkeep.wanted import Item, Wish, age, seconds_of
from params.errors import InputError
from params.names import COMPARED

World = Any  # the one of conftest.py, which is not imported

ID = "heat-20260102-030405-{}"
ONE, TWO, THREE = (ID.format(end) for end in ("aaaa", "bbbb", "cccc"))


def names(world: World, wish: Wish | None = None) -> set[str]:
    """What can go, by its name."""
    return {item.name for item in plan(world, wish)}


def plan(world: World, wish: Wish | None = None) -> tuple[Item, ...]:
    return make_plan(look(world.home), wish or Wish()).items


def finished(world: World, id: str = ONE, **more: Any) -> list[str]:
    """A finished comparison with one output of each kind; gives their names."""
    own = [world.output(stage, f"{id} {stage}") for stage in ("ingest", "preprocess", "evaluate")]
    nested = [world.output(stage, f"{id} run {stage}") for stage in ("train", "evaluate")]
    world.comparison(id, own, [nested], **more)
    return [*own, *nested, world.answers(own[-1], nested[-1])]


def test_what_nobody_refers_to_goes_and_what_a_finished_comparison_refers_to_stays(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = [*finished(world), *finished(world, TWO, experiment="other")]
    loose = [world.output(stage, f"loose {stage}") for stage in ("ingest", "train", "evaluate")]
    half = world.partial("half")
    before, states = world.listing(), world.states()

    assert clean(world.home, Wish(), yes=False) == 0
    said = capsys.readouterr().out
    assert (world.listing(), world.states()) == (before, states)
    for name in (*loose, half):
        assert re.search(rf"1 day  store {name}: ", said)
    assert said.endswith(" in 4 things can go; --yes removes it\n")

    assert clean(world.home, Wish(), yes=True) == 0
    freed = capsys.readouterr().out.splitlines()[-1]
    assert all(map(world.there, needed))
    assert not any(map(world.there, [*loose, f"{half}.partial"]))
    after = world.listing()
    assert after.items() <= before.items() | {(name, after[name]) for name in stages(world)}
    gone = [before[name][0] for name in before.keys() - after.keys()]
    assert freed == f"{sum(gone) / 1000:.1f} kB freed, 4 things removed"
    assert world.states() == states
    assert clean(world.home, Wish(), yes=True) == 0
    assert capsys.readouterr().out == "nothing to remove\n"


def stages(world: World) -> list[str]:
    """The folders of the store whose time changes when something in them is removed."""
    return [str(path.relative_to(world.home.root)) for path in world.home.store.root.iterdir()]


def test_an_output_of_a_deleted_comparison_that_another_one_refers_to_stays(world: World) -> None:
    shared, own = world.output("train", "shared"), world.output("train", "own")
    world.comparison(ONE, nested=[[shared], [own]], experiment="first")
    world.comparison(TWO, nested=[[shared]], experiment="second")
    for run_id in world.runs[ONE]:
        world.client.delete_run(run_id)
    folders = [world.home.artifacts / run_id for run_id in world.runs[ONE]]
    assert all(folder.is_dir() for folder in folders)
    assert names(world) == {f"files of {ONE}", f"report {ONE}", f"store {own}"}
    assert clean(world.home, Wish(), yes=True) == 0
    assert not any(folder.exists() for folder in folders)
    assert all((world.home.artifacts / run_id).is_dir() for run_id in world.runs[TWO])
    assert world.there(shared)
    assert not world.there(own)
    assert [path.name for path in world.home.reports.iterdir() if path.is_dir()] == [TWO]


def test_a_run_that_is_left_of_a_deleted_comparison_keeps_its_outputs(world: World) -> None:
    kept, lost = world.output("train", "kept"), world.output("ingest", "lost")
    own = world.comparison(ONE, [lost], [[kept]])
    world.client.delete_run(own)
    assert names(world) == {f"files of {ONE}", f"report {ONE}", f"store {lost}"}


def test_an_unfinished_comparison_keeps_all_until_it_is_given_up(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    data, trained = world.output("ingest", "data"), world.output("train", "trained")
    half = world.partial("half", checkpoint=True)
    shared = world.output("preprocess", "shared")
    world.comparison(ONE, [shared])
    own = world.comparison(TWO, [data, shared], [[trained], [half]], status="KILLED")
    assert names(world) == set()
    clean(world.home, Wish(), yes=True)
    told = capsys.readouterr()
    assert told.out == "nothing to remove\n"
    assert "3 outputs (2.3 kB) stays for 1 unfinished comparison to go on with" in told.err

    wish = Wish(unfinished=True)
    assert names(world, wish) == {
        f"comparison {TWO}",
        *(f"store {name}" for name in (data, trained, half)),
    }
    assert clean(world.home, wish, yes=True) == 0
    assert world.client.get_run(own).info.lifecycle_stage == "deleted"
    assert {stage for _, _, stage in world.states()} == {"active", "deleted"}
    assert world.there(shared)
    assert not any(map(world.there, (data, trained, f"{half}.partial")))
    assert not any((world.home.artifacts / run_id).exists() for run_id in world.runs[TWO])
    assert not (world.home.reports / TWO).exists()
    assert (world.home.reports / ONE).exists()


@pytest.mark.parametrize("unfinished", [False, True])
def test_a_running_comparison_stays(world: World, unfinished: bool) -> None:
    trained = world.output("train", "trained")
    world.comparison(ONE, [], [[trained]], status="RUNNING", gone=False)
    assert names(world, Wish(unfinished=unfinished)) == set()


def test_one_that_says_running_and_whose_process_is_gone_can_be_given_up(world: World) -> None:
    world.comparison(ONE, status="RUNNING")
    assert names(world, Wish(unfinished=True)) == {f"comparison {ONE}"}


def test_what_a_registered_model_is_of_stays(world: World) -> None:
    world.comparison(ONE, status="FAILED")
    run_id = world.comparison(TWO)
    world.client.create_registered_model("heat")
    world.client.create_model_version("heat", "file:///nowhere", run_id=world.runs[ONE][0])
    world.client.create_model_version("heat", "file:///nowhere", run_id=run_id)
    world.client.delete_run(run_id)
    assert names(world, Wish(unfinished=True)) == set()
    assert names(world) == {f"report {TWO}"}


def test_reports_on_several_comparisons_and_other_folders_stay(world: World) -> None:
    world.report(f"{COMPARED}-20260102-030405-aaaa")
    world.report("my notes")
    world.report(ONE)
    assert names(world) == {f"report {ONE}"}
    (world.home.reports / "index.html").write_text(ONE)
    assert clean(world.home, Wish(), yes=True) == 0
    assert ONE not in (world.home.reports / "index.html").read_text()


def test_what_the_trials_of_a_search_name_stays(world: World) -> None:
    tried, lost = world.output("train", "tried"), world.output("train", "lost")
    tracking = open_tracking(world.home, "heat")
    tags = {"unroll.tuning": "search-1", "unroll.kind": "trial", "unroll.outputs": tried}
    world.client.create_run(tracking.experiment_id, tags=tags)
    assert names(world) == {f"store {lost}"}


@pytest.mark.parametrize("experiment", [None, "heat", "cold"])
def test_what_a_killed_search_left_half_written_stays_until_it_is_given_up(
    world: World, experiment: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    tried, half = world.output("train", "tried"), world.partial("half", checkpoint=True)
    shared = world.partial("shared", checkpoint=True)
    world.comparison(ONE, nested=[[shared]], status="KILLED")
    world.comparison(TWO, experiment="cold")
    tracking = open_tracking(world.home, "heat")
    for outputs in ("", tried, half, shared):
        tags = {"unroll.tuning": "search-1", "unroll.kind": "trial", "unroll.outputs": outputs}
        trial = world.client.create_run(tracking.experiment_id, tags=tags).info.run_id
        world.client.set_terminated(trial, "KILLED")
    assert names(world) == set()
    clean(world.home, Wish(), yes=True)
    assert "half written, stays for a search to go on with (the same" in capsys.readouterr().err
    wish = Wish(unfinished=True, experiments=(experiment,) if experiment else ())
    both = {f"comparison {ONE}", f"store {half}", f"store {shared}"}
    assert names(world, wish) == (both if experiment != "cold" else set())
    world.client.set_tag(world.runs[ONE][-1], "unroll.complete", "true")
    assert names(world, wish) == ({f"store {half}"} if experiment != "cold" else set())
    world.client.update_run(trial, "RUNNING")
    world.client.set_tag(trial, "unroll.pid", str(os.getpid()))
    world.client.set_tag(trial, "unroll.host", socket.gethostname())
    assert names(world, wish) == set()


def test_only_what_is_old_goes(world: World) -> None:
    old, new = world.output("train", "old", days=31), world.output("train", "new", days=29)
    world.comparison(ONE, status="KILLED", days=31)
    world.comparison(TWO, status="KILLED", days=29)
    assert names(world, Wish(age=seconds_of("30d"))) == {f"store {old}"}
    assert names(world, Wish(age=seconds_of("28d"))) == {f"store {old}", f"store {new}"}
    wish = Wish(age=seconds_of("30d"), unfinished=True)
    assert names(world, wish) == {f"comparison {ONE}"}


@pytest.mark.parametrize(
    "worked",
    [
        lambda world, run_id: world.client.set_terminated(run_id, "KILLED"),
        # These were killed for a second time, of which MLflow was not told.
        lambda world, run_id: world.client.set_tag(run_id, STARTED, repr(time.time())),
        lambda world, run_id: world.client.log_text(run_id, "again", "child.log"),
        lambda world, _: world.partial("half", days=0, checkpoint=True),
    ],
    ids=["ended", "taken up", "file", "checkpoint"],
)
def test_an_unfinished_comparison_that_was_worked_at_lately_is_not_old(
    world: World, worked: Callable[[World, str], object]
) -> None:
    trained = world.output("train", "trained", days=40)
    world.comparison(ONE, nested=[[trained], [f"train/{key_of('half')}"]], status="KILLED", days=40)
    wish = Wish(age=seconds_of("30d"), unfinished=True)
    assert names(world, wish) == {f"comparison {ONE}", f"store {trained}"}
    worked(world, world.runs[ONE][0])
    assert names(world, wish) == set()


def test_only_what_is_of_an_experiment_goes(world: World) -> None:
    hot, cold = world.output("train", "hot"), world.output("train", "cold")
    world.output("train", "nobody's")
    world.comparison(ONE, nested=[[hot]], experiment="hot")
    world.comparison(TWO, nested=[[cold]], experiment="cold")
    world.report("cold-20260102-030405-dddd")
    for run_id in (*world.runs[ONE], *world.runs[TWO]):
        world.client.delete_run(run_id)
    found = names(world, Wish(experiments=("cold",)))
    report = "report cold-20260102-030405-dddd"
    assert found == {f"files of {TWO}", f"store {cold}", report}
    with pytest.raises(InputError, match="no such experiment was run; there are runs of cold, hot"):
        clean(world.home, Wish(experiments=("warm",)), yes=True)


def test_a_measurement_is_kept_with_what_was_measured(world: World) -> None:
    kept, lost = world.output("evaluate", "kept"), world.output("evaluate", "lost")
    world.comparison(ONE, [kept])
    of_kept, of_both = world.answers(kept), world.answers(kept, lost)
    of_old = world.answers("evaluate/0123456789abcdef", known=False)
    assert names(world) == {f"store {lost}", f"store {of_both}"}
    assert world.there(of_kept)
    assert world.there(of_old)


def test_what_a_process_used_since_it_began_stays(world: World) -> None:
    """This process has used the store, so what it used is in use until it ends."""
    used = world.output("train", "used", days=0)
    assert world.there(used)
    assert names(world) == set()


@pytest.mark.parametrize(
    ("meanwhile", "refused"),
    [
        (lambda world: world.output("train", "loose", days=0), "a process that is running used it"),
        (lambda world: lock(world).acquire(), "a process is making it or looking at it"),
    ],
)
def test_an_output_that_is_used_after_the_plan_was_made_stays(
    world: World, meanwhile: Callable[[World], object], refused: str
) -> None:
    loose = world.output("train", "loose")
    found = look(world.home)
    made = make_plan(found, Wish())
    assert [item.name for item in made.items] == [f"store {loose}"]
    held = meanwhile(world)
    (outcome,) = remove(made.items, world.home, found.since)
    assert outcome.refused == refused
    assert world.there(loose)
    del held
    lock(world).release()


LOCKS: dict[Path, FileLock] = {}


def lock(world: World) -> FileLock:
    """The lock of the one output of the store."""
    (path,) = (world.home.store.root / "train").glob("*.lock")
    return LOCKS.setdefault(path, FileLock(path))


def test_a_comparison_that_is_taken_up_after_the_plan_was_made_stays_with_its_outputs(
    world: World,
) -> None:
    trained = world.output("train", "trained")
    own = world.comparison(ONE, nested=[[trained]], status="KILLED")
    found = look(world.home)
    made = make_plan(found, Wish(unfinished=True))
    assert len(made.items) == 2
    with holding(world.home, ONE):
        refused = {one.item.name: one.refused for one in remove(made.items, world.home, 0)}
    assert f"{ONE} is being run by another process" in refused[f"comparison {ONE}"]
    assert refused[f"store {trained}"] == "its comparison stays"

    world.client.set_tag(own, "unroll.taken_up", "1")
    refused = {one.item.name: one.refused for one in remove(made.items, world.home, 0)}
    assert refused[f"comparison {ONE}"] == f"{ONE} was taken up or changed meanwhile; it stays"
    assert world.there(trained)
    assert {stage for _, _, stage in world.states()} == {"active"}
    assert (world.home.reports / ONE).is_dir()


def test_what_could_not_be_removed_is_told_and_the_status_is_one(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loose = [world.output("train", name) for name in ("one", "two")]

    def fail_at_one(path: Path) -> None:
        if loose[0].partition("/")[2] in path.name:
            raise PermissionError(13, "Permission denied", str(path))
        shutil.rmtree(path)

    monkeypatch.setattr(removal, "clear", fail_at_one)
    assert clean(world.home, Wish(), yes=True) == 1
    told = capsys.readouterr()
    assert f"store {loose[0]} stays: [Errno 13] Permission denied" in told.err
    assert told.out.splitlines()[-1].endswith(" freed, 1 thing removed")
    monkeypatch.undo()
    # What was renamed already is found again.
    (left,) = plan(world)
    assert (left.kind, left.why) == ("removed", "its removal was interrupted")
    assert clean(world.home, Wish(), yes=True) == 0
    assert list((world.home.store.root / "train").glob(".*")) == []


def test_what_an_interrupted_clean_left_of_reports_and_of_runs_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(path: Path) -> None:
        raise KeyboardInterrupt

    world.report(ONE)
    world.comparison(TWO)
    world.client.delete_run(world.runs[TWO][0])
    for _ in range(3):  # the files of a run, and two reports
        with monkeypatch.context() as patch:
            patch.setattr(removal, "clear", interrupt)
            with pytest.raises(KeyboardInterrupt):
                clean(world.home, Wish(), yes=True)
    left = [
        path for place in (world.home.reports, world.home.artifacts) for path in place.iterdir()
    ]
    assert [path.name.split(".")[-1] for path in left if path.is_dir()] == ["removed"] * 3
    assert {item.kind for item in plan(world)} == {"removed"}
    assert clean(world.home, Wish(), yes=True) == 0
    assert [path for path in left if path.is_dir()] == []


def test_a_report_that_was_fetched_is_not_said_to_be_gone(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.report(ONE)
    (orphan,) = plan(world)
    assert orphan.why == "MLflow holds no such comparison any more"
    url = (tmp_path / "shared").as_uri()
    found = replace(look(world.home), home=Home(world.home.root, Remote(url)))
    (fetched,) = make_plan(found, Wish()).items
    assert fetched.why == f"fetched from {url}, or of a comparison that is gone from MLflow here"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # which knows them all
    assert make_plan(found, Wish()).items == (orphan,)


def test_without_mlflow_nothing_goes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    loose = world.output("train", "loose")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(InputError, match=r"MLflow at http://127\.0\.0\.1:9 did not answer"):
        clean(world.home, Wish(), yes=True)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    world.home.database.write_bytes(b"no database")
    with pytest.raises(InputError, match="cannot be read"):
        clean(world.home, Wish(), yes=True)
    world.home.database.unlink()
    with pytest.raises(InputError, match="is not there, so that nobody knows what in"):
        clean(world.home, Wish(), yes=True)
    assert not world.home.database.exists()
    assert world.there(loose)


def test_every_mlflow_that_the_folder_was_used_with_counts(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database: Path
) -> None:
    mine, theirs = world.output("train", "mine"), world.output("train", "theirs")
    world.comparison(ONE, nested=[[mine]])
    other = tmp_path / "other.db"
    shutil.copy(empty_database, other)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    finished_elsewhere(world, other, theirs)
    assert names(world) == set()
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert json.loads((world.home.root / PLACES).read_text()) == [f"sqlite:///{other}"]
    assert names(world) == set()
    other.write_bytes(b"gone")
    with pytest.raises(InputError, match=r"are tracked there, too: start it or, "):
        names(world)
    (world.home.root / PLACES).write_text(json.dumps(["postgresql://me:***@host/db"]))
    with pytest.raises(InputError, match=r"tracked at postgresql://me:\*\*\*@host/db, too, whose"):
        names(world)
    (world.home.root / PLACES).write_text("{")
    with pytest.raises(InputError, match="is damaged: it must be a JSON list"):
        names(world)


def finished_elsewhere(world: World, database: Path, output: str) -> None:
    """A finished comparison in another database."""
    from mlflow import MlflowClient

    from components.tracking.opening import open_tracking

    tracking = open_tracking(world.home, "heat")
    client = MlflowClient(f"sqlite:///{database}")
    tags = {"unroll.kind": "comparison", "unroll.comparison": TWO, "unroll.complete": "true"}
    client.create_run(tracking.experiment_id, tags={**tags, "unroll.outputs": output})


def test_runs_of_older_versions_name_their_outputs_in_their_records(world: World) -> None:
    own = [world.output(stage, stage) for stage in ("ingest", "preprocess", "evaluate")]
    nested = [world.output(stage, f"run {stage}") for stage in ("train", "evaluate")]
    own_id = world.comparison(ONE, nested=[[]], tagged=False)
    lost = world.output("train", "lost")
    (nested_id,) = world.runs[ONE][:1]
    paths = [f"/elsewhere/{name}" for name in (*own, *nested)]
    begun = {"ingested": {"path": paths[0]}, "prepared": {"path": paths[1]}}
    log = world.client.log_text
    log(own_id, json.dumps(begun), "comparison/evidence.json")
    log(own_id, json.dumps({"path": paths[2]}), "comparison/baselines/majority/scored.json")
    run = {"trained": {"path": paths[3]}, "scored": {"path": paths[4]}}
    log(nested_id, json.dumps(run), "run.json")
    assert names(world) == {f"store {lost}"}
    shutil.rmtree(world.home.artifacts / nested_id)
    found = make_plan(look(world.home), Wish())
    assert found.items == ()
    assert found.stays[0].startswith(
        "nothing in the store can go: what lstm-seed0 was made from is not known (the files of run"
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("30d", 2_592_000), ("1.5h", 5400), ("2w", 1_209_600), (" 5m", 300)]
)
def test_an_age_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["30", "d", "-3d", "30 d", "3y", ""])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"--older-than must be a number with m, h, d or w"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "just now"), (60, "1 minute"), (7300, "2 hours"), (86_400, "1 day"), (9e6, "104 days")],
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, told: str) -> None:
    assert age(seconds) == told


def test_the_database_is_never_touched(world: World) -> None:
    finished(world)
    world.output("train", "loose")
    with sqlite3.connect(world.home.database) as database:
        before = list(database.iterdump())
    assert clean(world.home, Wish(), yes=True) == 0
    with sqlite3.connect(world.home.database) as database:
        assert list(database.iterdump()) == before
