"""What a search leaves and says: files that run, a table, Markdown."""

import csv
from pathlib import Path

import pytest

from components.records import Search, TrialOutcome, Tuned, Tuning
from flows.tuning.outcome import (
    all_tried,
    lines,
    markdown,
    next_steps,
    run_command,
    write_files,
)
from params.load import load
from params.tune import Dimension

FIRST = {"train.learning_rate": 0.001, "model.hidden_sizes": [64, 32]}
BEST = {"train.learning_rate": 0.0031, "model.hidden_sizes": [128, 64]}
COMMAND = "unroll tune temperature --trials 3"


def trial(place: int, state: str, value: float | None, **more: object) -> TrialOutcome:
    given = {"architecture": "lstm", "place": place, "state": state, "value": value, "epochs": 5}
    return TrialOutcome.model_validate({**given, "values": BEST, **more})


@pytest.fixture
def found() -> Tuning:
    first = trial(1, "complete", 0.4011, values=FIRST, seconds=2.0, run_id="r1")
    best = trial(2, "complete", 0.37124, seconds=2.5, run_id="r2")
    pruned = trial(3, "pruned", 0.9, epochs=2)
    failed = trial(1, "failed", None, architecture="gru", epochs=0, reason="the loss, NaN")
    search = Search(
        id="temperature-1a2b3c4d",
        experiment="temperature",
        task="forecast",
        metric="val/mae",
        better="lower",
        architectures=("lstm", "gru"),
        num_trials=3,
        seeds=(1,),
        space={
            "train.learning_rate": Dimension(low=1e-4, high=1e-2, log=True),
            "model.hidden_sizes": Dimension(choices=([64, 32], [128, 64])),
        },
        space_from="--space",
        warm_up=1,
        first=FIRST,
    )
    lstm = Tuned(architecture="lstm", trials=(first, best, pruned), best=best, as_in_file=first)
    gru = Tuned(architecture="gru", trials=(failed,), best=None, as_in_file=None)
    return Tuning(search=search, tuned=(lstm, gru), run_id="p")


def test_the_best_params_are_those_of_the_file_with_the_best_values(
    found: Tuning, tmp_path: Path
) -> None:
    experiment = load(
        "temperature", ["tune.space={train.batch_size: {low: 8, high: 64}}", "train.max_epochs=7"]
    )
    written = write_files(found, experiment, tmp_path, COMMAND)
    path = tmp_path / "best-lstm.yaml"
    assert written.files == {"lstm": str(path)}  # of the GRU no trial is complete
    expected = [
        *("train.learning_rate=0.0031", "model.hidden_sizes=[128,64]", "architectures=[lstm]"),
        "train.max_epochs=7",
    ]
    assert load(str(path)) == load("temperature", expected)  # with all its seeds, and no space
    comment = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert comment == [
        "# Trial 2 of 3, the best of lstm: val/mae 0.371 °C, seed 1, where the params that were "
        "tuned had 0.401 °C.",
        f"# Found by: {COMMAND} (search temperature-1a2b3c4d).",
        "# It was chosen by that value, on validation data: only a run of it says how good it is.",
    ]


def test_every_trial_is_a_row_and_a_program_reads_all(found: Tuning, tmp_path: Path) -> None:
    written = write_files(found, load("temperature"), tmp_path, COMMAND)
    rows = list(csv.DictReader((tmp_path / "trials.csv").read_text().splitlines()))
    assert [(row["architecture"], row["trial"], row["state"]) for row in rows] == [
        ("lstm", "1", "complete"),
        ("lstm", "2", "complete"),
        ("lstm", "3", "pruned"),
        ("gru", "1", "failed"),
    ]
    assert rows[1]["train.learning_rate"] == "0.0031"
    assert rows[1]["model.hidden_sizes"] == "[128, 64]"
    assert (rows[1]["value"], rows[2]["epochs"], rows[3]["reason"]) == (
        "0.37124",
        "2",
        "the loss, NaN",
    )
    assert Tuning.model_validate_json((tmp_path / "tuning.json").read_text()) == written


def test_the_table_has_a_line_an_architecture(found: Tuning) -> None:
    head, first, second = (line.split() for line in lines(found, 160))
    assert head[:2] == ["architecture", "best"]
    assert first == [
        *("LSTM", "0.371", "°C", "0.401", "°C", "2", "1", "0"),
        *("train.learning_rate=0.0031", "model.hidden_sizes=[128,", "64]"),
    ]
    assert second == ["GRU", "–", "–", "0", "0", "1", "–"]


def test_the_markdown_says_that_the_values_are_optimistic(found: Tuning, tmp_path: Path) -> None:
    said = markdown(write_files(found, load("temperature"), tmp_path, COMMAND))
    assert "**A search for better params of temperature**, by val/mae" in said
    assert "| LSTM | 0.371 °C | 0.401 °C | 2 | 1 | 0 | `train.learning_rate=0.0031" in said
    assert "they are optimistic" in said
    assert f"`unroll run {tmp_path}/best-lstm.yaml`" in said


def test_the_next_command_names_files_from_where_one_stands(
    found: Tuning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written = write_files(found, load("temperature"), tmp_path / "a folder", COMMAND)
    assert run_command(written) == "unroll run 'a folder/best-lstm.yaml'"
    assert next_steps(written) == ["next: `unroll run 'a folder/best-lstm.yaml'`"]


def test_several_winners_are_run_and_then_set_side_by_side(found: Tuning) -> None:
    both = found.model_copy(update={"files": {"lstm": "/a/best-lstm.yaml", "gru": "/a/b.yaml"}})
    assert next_steps(both) == [
        "next: `unroll run /a/best-lstm.yaml /a/b.yaml`",
        "then: `unroll compare ID-lstm ID-gru`, with the ids of the comparisons that it made, sets "
        "them side by side",
    ]
    assert "\n\nthen: `unroll compare ID-lstm ID-gru`" in markdown(both)


def test_without_room_for_a_table_every_line_is_short(found: Tuning) -> None:
    assert lines(found, 60) == [
        "LSTM: best 0.371 °C, as in the file 0.401 °C",
        "  2 complete, 1 pruned, 0 failed",
        "  train.learning_rate=0.0031",
        "  model.hidden_sizes=[128, 64]",
        "GRU: best –, as in the file –",
        "  0 complete, 0 pruned, 1 failed",
    ]


def test_a_space_that_was_tried_to_its_end_is_told(found: Tuning) -> None:
    assert all_tried(found) == []
    few = {"model.hidden_sizes": Dimension(choices=([64, 32], [128, 64]))}
    short = [
        one.model_copy(update={"values": {"model.hidden_sizes": one.values["model.hidden_sizes"]}})
        for one in found.tuned[0].trials
    ]
    tuned = [
        found.tuned[0].model_copy(update={"trials": tuple(trials)})
        for trials in (short, short[:1], short[1:])  # the last tried one point twice
    ]
    search = found.search.model_copy(update={"space": few})
    tried = found.model_copy(update={"search": search, "tuned": tuple(tuned)})
    assert all_tried(tried) == ["lstm: all 2 points of the space were tried"]
    assert all_tried(tried)[0] in markdown(tried)
