"""Two processes that share a training do what one would, and go on together after one dies."""

import logging
import shlex
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from components.outputs import Store
from components.train.job import WEIGHTS, TrainingJob
from components.train.run import train
from components.train.torchrun import arguments, reason
from components.train.worker import ChildFailed, Event
from params.resources import Resources

ROOT = Path(__file__).parents[3]

pytestmark = [pytest.mark.usefixtures("children"), pytest.mark.timeout(300)]


def changed(job: TrainingJob, dropout: float, **train: Any) -> TrainingJob:
    model = job.model.model_copy(update={"dropout": dropout})
    return job.model_copy(update={"model": model, "train": job.train.model_copy(update=train)})


def shared(job: TrainingJob, **resources: Any) -> TrainingJob:
    return job.model_copy(update={"resources": Resources(devices=2, **resources)})


def rank_processes() -> list[psutil.Process]:
    """The processes that share the training, by rank."""
    found = {}
    for one in psutil.Process().children(recursive=True):
        try:
            if "components.train.torchrun" in one.cmdline():
                found[int(one.environ().get("RANK", -1))] = one
        except psutil.Error:
            pass
    found.pop(-1, None)
    return [found[number] for number in sorted(found)]


def test_two_ranks_learn_what_one_process_learns(text_job: TrainingJob, tmp_path: Path) -> None:
    # 36 examples in batches of 7: the last one has a single example, which one rank goes without.
    job = changed(text_job, 0.0, batch_size=7, max_epochs=2, learning_rate=0.01)
    alone = train(job, Store(tmp_path / "alone"), lambda _: None)
    together = train(shared(job), Store(tmp_path / "together"), lambda _: None)
    for one, other in zip(alone.epochs, together.epochs, strict=True):
        assert other.metrics == pytest.approx(one.metrics, abs=1e-6)
    weights, others = load_file(alone.path / WEIGHTS), load_file(together.path / WEIGHTS)
    for name, value in weights.items():
        torch.testing.assert_close(others[name], value, atol=1e-5, rtol=0)
    assert (together.num_parameters, together.best_epoch) == (
        alone.num_parameters,
        alone.best_epoch,
    )


@pytest.mark.slow
def test_a_rank_that_is_killed_ends_the_others_and_the_training_goes_on_as_if_nothing_had_been(
    text_job: TrainingJob, tmp_path: Path
) -> None:
    # So many that it is still there to be killed when its third epoch is heard of.
    job = shared(changed(text_job, 0.5, max_epochs=200, ema_decay=0.9))
    store = Store(tmp_path / "torn")
    killed: list[float] = []
    left: list[psutil.Process] = []

    def kill(event: Event) -> None:
        if event["kind"] == "epoch" and event["epoch"] == 3:
            first, second = rank_processes()
            second.send_signal(signal.SIGKILL)
            left.append(first)
            killed.append(time.monotonic())

    with pytest.raises(ChildFailed, match="rank 1 was ended by SIGKILL") as failed:
        train(job, store, kill)
    assert time.monotonic() - killed[0] < 30
    assert "Traceback" not in failed.value.reason
    assert not psutil.wait_procs(left, timeout=5)[1]
    told: list[Event] = []
    torn = train(job, store, told.append)
    before = [event["epoch"] for event in told if event.get("before")]
    assert before[:3] == [1, 2, 3]
    assert len(before) < 200
    whole = train(job, Store(tmp_path / "whole"), lambda _: None)
    assert [epoch.metrics for epoch in torn.epochs] == [epoch.metrics for epoch in whole.epochs]
    assert (torn.path / WEIGHTS).read_bytes() == (whole.path / WEIGHTS).read_bytes()
    assert sorted(path.name for path in torn.path.iterdir()) == sorted(
        path.name for path in whole.path.iterdir()
    )


def test_the_error_of_a_rank_is_its_own(text_job: TrainingJob, store: Store) -> None:
    elsewhere = text_job.prepared.model_copy(update={"path": Path("/elsewhere")})
    job = shared(text_job.model_copy(update={"prepared": elsewhere}))
    with pytest.raises(ChildFailed, match=r"^FileNotFoundError: .*/elsewhere/train.safetensors"):
        train(job, store, lambda _: None)


@pytest.mark.slow
def test_without_its_parent_no_rank_lives_on(text_job: TrainingJob, tmp_path: Path) -> None:
    job = shared(changed(text_job, 0.5, max_epochs=1000))
    ranks: list[psutil.Process] = []

    def kill(event: Event) -> None:
        if event["kind"] == "epoch" and not ranks:
            ranks.extend(rank_processes())
            (child,) = [
                one for one in psutil.Process().children(recursive=True) if parent_of(one, ranks)
            ]
            child.kill()

    def parent_of(one: psutil.Process, others: list[psutil.Process]) -> bool:
        return one.pid == others[0].ppid()

    with pytest.raises(ChildFailed, match="SIGKILL"):
        train(job, Store(tmp_path / "store"), kill)
    assert len(ranks) == 2
    assert not psutil.wait_procs(ranks, timeout=10)[1]


RANK = """
import atexit, os, sys, types
from pathlib import Path

def fit(job, folder):
    (folder / "made").write_text(job.architecture)
    print("done")

atexit.register(os.abort)
sys.modules["components.train.fit"] = types.SimpleNamespace(fit=fit)
from components.train.torchrun import main
main()
"""


def test_a_rank_that_has_done_all_is_a_success_however_the_interpreter_ends(
    text_job: TrainingJob, tmp_path: Path
) -> None:
    """Threads of torch's abort it then, now and again: here it is always so."""
    (tmp_path / "job.json").write_text(text_job.model_dump_json())
    ended = subprocess.run(
        [sys.executable, "-c", RANK, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr
    assert (tmp_path / "made").read_text() == "gru"


def test_ranks_of_other_machines_meet_at_the_rendezvous(text_job: TrainingJob) -> None:
    here = arguments(shared(text_job))
    assert "--standalone" in here
    assert here[:4] == ["--nnodes", "1", "--nproc-per-node", "2"]
    away = shared(text_job, num_nodes=3, rendezvous="head:29500")
    told = arguments(away)
    assert "--standalone" not in told
    assert told[:2] == ["--nnodes", "3"]
    assert told[told.index("--rdzv-endpoint") + 1] == "head:29500"
    assert told[told.index("--rdzv-id") + 1] == away.key == text_job.key


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (1, "ValueError: no", "ValueError: no"),
        (-9, None, "rank 1 was ended by SIGKILL"),
        (7, None, "rank 1 ended with status 7 and no word"),
    ],
)
def test_why_a_rank_ended(code: int, said: str | None, expected: str, tmp_path: Path) -> None:
    if said:
        (tmp_path / "rank-1.txt").write_text(said)
    assert reason(tmp_path, 1, code) == expected


@pytest.mark.slow
def test_another_machine_joins_by_the_command_that_is_logged(
    text_job: TrainingJob, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The other machine is this one, under the same path."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meeting = f"127.0.0.1:{free.getsockname()[1]}"
    job = changed(text_job, 0.0, max_epochs=2)
    resources = Resources(num_nodes=2, rendezvous=meeting)
    apart = job.model_copy(update={"resources": resources})
    with ThreadPoolExecutor(1) as pool, caplog.at_level(logging.INFO):
        training = pool.submit(train, apart, Store(tmp_path / "apart"), lambda _: None)
        end = time.monotonic() + 30
        while not (said := [one for one in caplog.messages if "run there: " in one]):
            assert time.monotonic() < end
            time.sleep(0.1)
        command = shlex.split(said[0].partition("run there: ")[2])
        assert "waits for 1 other machine" in said[0]
        while not (Path(command[-1]) / "job.json").exists():
            assert time.monotonic() < end
            time.sleep(0.1)
        subprocess.run([sys.executable, *command[1:]], check=True, timeout=120)
        found = training.result(60)
    alone = train(job, Store(tmp_path / "alone"), lambda _: None)
    for one, other in zip(alone.epochs, found.epochs, strict=True):
        assert other.metrics == pytest.approx(one.metrics, abs=1e-6)
