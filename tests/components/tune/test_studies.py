"""Searches in Optuna's database: interrupted, taken up, shared, and the same again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from components.records import Search, Tuned
from components.storage import Home
from components.tune.studies import working_at
from params.errors import InputError
from params.tune import Dimension

ROOT = Path(__file__).parents[3]
Make = Callable[..., Search]


def start(root: Path, search: Search, epochs: int = 0) -> subprocess.Popen[str]:
    """A process that does the trials of the search, until it is killed after so many epochs."""
    script = Path(__file__).parent / "search_work.py"
    return subprocess.Popen(
        [sys.executable, str(script), str(root), search.model_dump_json(), str(epochs)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def done(search: Search, home: Home, work: ModuleType) -> tuple[Tuned, ...]:
    """What is found when all trials that are left are done here."""
    with working_at(search, home) as studies:
        work.do_all(studies)
        return studies.found()


def test_a_search_finds_better_values_than_those_it_began_with(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    search = search_of(num_trials=20)
    (one,) = done(search, Home(tmp_path), work)
    assert [trial.place for trial in one.trials] == list(range(1, 21))
    assert one.as_in_file == one.trials[0]
    assert one.as_in_file.values == search.first
    assert one.as_in_file.value == pytest.approx(3 + 1 / 3)  # 1 for the rate, 2 units, 1/3
    assert one.best is not None
    assert one.best.value < 1.7 < one.as_in_file.value
    assert one.best.values["model.hidden_sizes"] == [1]
    pruned = [trial for trial in one.trials if trial.state == "pruned"]
    assert pruned
    assert {trial.epochs for trial in pruned} == {2}  # past the one that is not judged
    assert all(trial.value > one.best.value for trial in pruned)


def test_without_values_of_its_own_a_search_begins_anywhere(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    (found,) = done(
        search_of(first=None, num_trials=2, architectures=("rnn",)), Home(tmp_path), work
    )
    assert found.as_in_file is None
    assert len(found.trials) == 2


def test_higher_is_better_where_the_metric_says_so(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    search = search_of(
        better="higher", metric="val/mae", architectures=("gru", "lstm"), num_trials=4
    )
    found = done(search, Home(tmp_path), work)
    values = [one.best.value for one in found if one.best]
    assert values == sorted(values, reverse=True)
    for one in found:
        assert one.best is not None
        assert one.best.value == max(t.value for t in one.trials if t.state == "complete")


def test_a_search_is_the_same_again_and_an_interrupted_one_equals_it(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    """Killed in its first trial, in later ones, and once more in the trial that is done again."""
    search = search_of()
    undisturbed = done(search, Home(tmp_path / "whole"), work)
    assert done(search, Home(tmp_path / "again"), work) == undisturbed
    for epochs in (2, 9, 1, 7):
        process = start(tmp_path / "killed", search, epochs)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    assert done(search, Home(tmp_path / "killed"), work) == undisturbed
    assert done(search, Home(tmp_path / "killed"), work) == undisturbed  # nothing is left to do


def test_more_trials_go_on_where_fewer_stopped(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    whole = done(search_of(), Home(tmp_path / "whole"), work)
    done(search_of(num_trials=3), Home(tmp_path / "parts"), work)
    assert done(search_of(), Home(tmp_path / "parts"), work) == whole


FEW = {
    "model.hidden_sizes": Dimension(choices=([1], [2])),
    "train.learning_rate": Dimension(low=0.1, high=0.3, step=0.1),
}
FIRST = {"train.learning_rate": 0.2, "model.hidden_sizes": [2]}


def test_no_point_is_tried_twice_and_a_search_ends_when_all_were(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    search = search_of(space=FEW, first=FIRST, num_trials=20)
    (one,) = done(search, Home(tmp_path / "whole"), work)
    points = [json.dumps(trial.values, sort_keys=True) for trial in one.trials]
    assert len(points) == len(set(points)) == 6
    assert [trial.place for trial in one.trials] == [1, 2, 3, 4, 5, 6]
    assert one.trials[0].values == FIRST
    process = start(tmp_path / "killed", search, 8)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    done(search_of(space=FEW, first=FIRST, num_trials=4), Home(tmp_path / "killed"), work)
    assert done(search, Home(tmp_path / "killed"), work) == (one,)


def test_what_was_tried_twice_before_is_not_tried_again(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    """A study of a version that did not look."""
    search, home = search_of(space=FEW, first=FIRST, num_trials=20), Home(tmp_path)
    with working_at(search, home) as studies:
        study = studies.of["gru"].study
        again = {"model.hidden_sizes": "[2]", "train.learning_rate": 0.2}
        study.enqueue_trial(again, user_attrs={"place": 2})
        work.do_all(studies)
        (one,) = studies.found()
    assert [trial.values for trial in one.trials[:2]] == [FIRST, FIRST]
    assert len(one.trials) == 7


def test_trials_that_go_on_at_a_time_are_of_different_points(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    with working_at(search_of(space=FEW, first=None, num_trials=20), Home(tmp_path)) as studies:
        claimed = [studies.claim(Counter()) for _ in range(6)]
        assert len({json.dumps(one.values, sort_keys=True) for one in claimed if one}) == 6
        assert studies.claim(Counter()) is None


def test_the_choice_of_architectures_does_not_change_a_study(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    together = search_of(architectures=("gru", "lstm"), num_trials=3)
    both = {one.architecture: one for one in done(together, Home(tmp_path / "both"), work)}
    alone = search_of(architectures=("lstm",), num_trials=3)
    assert done(alone, Home(tmp_path / "alone"), work) == (both["lstm"],)


def test_what_was_interrupted_is_told_and_keeps_its_values(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    search, home = search_of(architectures=("gru",)), Home(tmp_path)
    with working_at(search, home) as studies:
        claimed = [studies.claim(Counter()) for _ in range(3)]
        work.do_trial(studies, claimed[1])
    with working_at(search, home) as studies:
        assert studies.taken_over == [("gru", 1), ("gru", 3)]
        again = [studies.claim(Counter()) for _ in range(3)]
        assert [one.place for one in again] == [1, 3, 4]
        assert [one.values for one in again[:2]] == [claimed[0].values, claimed[2].values]
        assert [one.place for one in studies.found()[0].trials] == [2]


def test_a_trial_of_a_live_process_is_left_to_it(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    search, home = search_of(architectures=("gru",), num_trials=2), Home(tmp_path)
    with working_at(search, home) as first:
        claimed = first.claim(Counter())
        with working_at(search, home) as second:
            assert second.taken_over == []
            assert work.do_all(second) == 1
            assert second.found()[0].running == 1
        work.do_trial(first, claimed)
        assert first.claim(Counter()) is None
        assert [one.place for one in first.found()[0].trials] == [1, 2]
        assert first.found()[0].running == 0


def test_architectures_take_turns(search_of: Make, work: ModuleType, tmp_path: Path) -> None:
    search = search_of(architectures=("rnn", "gru", "lstm"), num_trials=2)
    with working_at(search, Home(tmp_path)) as studies:
        running = Counter[str]()
        order = []
        while claimed := studies.claim(running):
            order.append((claimed.architecture, claimed.place))
            if len(order) > 1:  # two at a time
                running[order[-2][0]] -= 1
            running[claimed.architecture] += 1
            work.do_trial(studies, claimed)
    assert order == [("rnn", 1), ("gru", 1), ("lstm", 1), ("rnn", 2), ("gru", 2), ("lstm", 2)]


def test_processes_and_threads_share_a_search(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    """Four processes make the database at once; then eight threads do trials beside two more."""
    search = search_of(num_trials=8)
    processes = [start(tmp_path, search) for _ in range(4)]
    counts = [int(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert sum(counts) == 8
    more = search_of(num_trials=28)
    processes = [start(tmp_path, more) for _ in range(2)]
    with working_at(more, Home(tmp_path)) as studies, ThreadPoolExecutor(8) as threads:
        claimed = iter(lambda: studies.claim(Counter()), None)
        here = [threads.submit(work.do_trial, studies, one) for one in claimed]
        for trial in here:
            trial.result()
        counts = [int(process.communicate()[0]) for process in processes]
        assert len(here) + sum(counts) == 20
        (found,) = studies.found()
        assert [trial.place for trial in found.trials] == list(range(1, 29))


def test_what_is_no_database_is_one_line(search_of: Make, tmp_path: Path) -> None:
    (tmp_path / "optuna.db").write_text("no database, but long enough to be looked at" * 20)
    with (
        pytest.raises(InputError, match=r"database of searches .* cannot be read: file is not a"),
        working_at(search_of(), Home(tmp_path)),
    ):
        pass


def test_a_database_of_another_optuna_is_one_line(
    search_of: Make, work: ModuleType, tmp_path: Path
) -> None:
    done(search_of(num_trials=1), Home(tmp_path), work)
    with sqlite3.connect(tmp_path / "optuna.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'v9.9.9'")
    with (
        pytest.raises(InputError, match=r"cannot be read: .* move it away to begin anew"),
        working_at(search_of(), Home(tmp_path)),
    ):
        pass
