"""What children do in tests: they import this module by its name."""

import json
import os
import signal
import sys
import time
from pathlib import Path

EVENTS = "events.jsonl"


def tell(job: str, folder: Path) -> None:
    """Write as many events as `job` says, the lines broken anywhere, then one with another word."""
    lines = [json.dumps({"kind": "step", "step": step}) for step in range(int(job))]
    text = "\n".join([*lines, json.dumps({"kind": "epoch", "word": "größer ±"})]) + "\n"
    encoded = text.encode()
    with (folder / EVENTS).open("ab", buffering=0) as file:
        for start in range(0, len(encoded), 333):
            file.write(encoded[start : start + 333])
            time.sleep(0.03)
    (folder / "result.txt").write_text(job, encoding="utf-8")
    print("said on stdout")


def fail(job: str, folder: Path) -> None:
    """Raise, with a message of several lines."""
    raise ValueError(job)


def kill_itself(job: str, folder: Path) -> None:
    """End by the signal named by `job`, after one event."""
    tell("1", folder)
    os.kill(os.getpid(), signal.Signals[job])
    time.sleep(60)


def hold(job: str, folder: Path) -> None:
    """Write down the peak memory before and after so many bytes, `job`, were held and given up."""
    from components.train.memory import peak_memory_bytes

    before = peak_memory_bytes()
    held = bytearray(int(job))
    held[::1024] = b"x" * len(held[::1024])  # memory that is not touched is not there
    del held
    (folder / "peaks.json").write_text(json.dumps([before, peak_memory_bytes()]), encoding="utf-8")


def leave_in_order(job: str, folder: Path) -> None:
    """Exit with the status `job` in Python's own way, before the work is done."""
    sys.exit(int(job))


def leave(job: str, folder: Path) -> None:
    """Exit with the status `job`, saying nothing."""
    os._exit(int(job))


def sleep(job: str, folder: Path) -> None:
    """Say which process this is, then stay for a minute."""
    (folder / "pid.partial").write_text(str(os.getpid()), encoding="utf-8")
    (folder / "pid.partial").rename(folder / "pid")
    with (folder / EVENTS).open("a") as file:
        file.write('{"kind": "step"}\n')
    time.sleep(60)


def deaf(job: str, folder: Path) -> None:
    """The same, but deaf to a request to end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sleep(job, folder)


def modules(job: str, folder: Path) -> None:
    """Write down which of the modules named by `job` were there before anything was asked."""
    known = [name for name in job.split() if name in sys.modules]
    (folder / "modules.txt").write_text(" ".join(known), encoding="utf-8")


def fit_and_tell(job: str, folder: Path) -> None:
    """Train, and write down which flags of torch were set when the first batch was computed."""
    import torch

    from components.train import fit as module
    from components.train.job import TrainingJob
    from components.train.lightning_module import SequenceModule

    workspace = "CUBLAS_WORKSPACE_CONFIG"
    before: dict[str, object] = {"inherited": os.environ.get(workspace)}
    prepare, step = module.prepare_torch, SequenceModule.training_step

    def prepared(asked: TrainingJob) -> None:
        prepare(asked)
        before["workspace"] = os.environ.get(workspace)
        before["set before CUDA"] = not torch.cuda.is_initialized()

    def told(self: SequenceModule, batch: object) -> object:
        flags = {
            "algorithms": torch.are_deterministic_algorithms_enabled(),
            "only_warned": torch.is_deterministic_algorithms_warn_only_enabled(),
            "cudnn.deterministic": torch.backends.cudnn.deterministic,
            "cudnn.benchmark": torch.backends.cudnn.benchmark,
            "cudnn.allow_tf32": torch.backends.cudnn.allow_tf32,
            "filled": torch.utils.deterministic.fill_uninitialized_memory,
        }
        (folder / "flags.json").write_text(json.dumps({**flags, **before}), encoding="utf-8")
        return step(self, batch)

    module.prepare_torch, SequenceModule.training_step = prepared, told
    module.fit(TrainingJob.model_validate_json(job), folder)
