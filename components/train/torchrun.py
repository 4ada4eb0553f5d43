"""One training on several devices or machines: a process each, started by torchrun.

torchrun runs inside the training's child process, so that the flow is never run again in a rank.
Rank 0 alone writes: the history, the checkpoints and the result. A rank that dies ends the others
of its machine within a second or two, and those of other machines within `ranks.AWAY_SECONDS`.

    child -> torchrun -> python -m components.train.torchrun FOLDER, one for each device
"""

import os
import shlex
import signal
import sys
import threading
import time
from pathlib import Path

from components.train.child import Reason
from components.train.job import TrainingJob
from components.train.placing import see_only
from components.train.ranks import rank

JOB = "job.json"
LOOK_SECONDS = 0.2


class RankFailed(Reason):
    """A rank ended before its work was done; the message says which one and why."""


def fit_on_ranks(text: str, folder: Path) -> None:
    """Train with torchrun, inside the child; what is left in `folder` is as of a single process.

    Raises:
        RankFailed: If a rank of this machine dies, with its own error.
    """
    from torch.distributed import run as torchrun
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    (folder / JOB).write_text(text, encoding="utf-8")
    for path in folder.glob("rank-*.txt"):
        path.unlink()
    job = TrainingJob.model_validate_json(text)
    see_only(job.gpus)
    try:
        torchrun.main([*arguments(job), "-m", __name__, str(folder)])
    except ChildFailedError as error:
        number, failure = error.get_first_failure()
        raise RankFailed(reason(folder, number, failure.exitcode)) from None
    finally:
        (folder / JOB).unlink(missing_ok=True)


def arguments(job: TrainingJob) -> list[str]:
    """What torchrun is told: how many processes, and where those of other machines are."""
    resources = job.resources
    common = [
        *("--nnodes", str(resources.num_nodes), "--nproc-per-node", str(resources.devices)),
        *("--max-restarts", "0", "--monitor-interval", str(LOOK_SECONDS)),
    ]
    if resources.rendezvous is None:
        return [*common, "--standalone"]
    meeting = ["--rdzv-backend", "c10d", "--rdzv-endpoint", resources.rendezvous]
    return [*common, *meeting, "--rdzv-id", job.key]


def elsewhere(job: TrainingJob, folder: Path) -> str:
    """What to run on each of the other machines that share a training."""
    return shlex.join(
        ["python", "-m", "torch.distributed.run", *arguments(job), "-m", __name__, str(folder)]
    )


def reason(folder: Path, number: int, code: int) -> str:
    """Why a rank ended, in one line: what it wrote, else how its process went."""
    said = folder / f"rank-{number}.txt"
    if said.is_file():
        return said.read_text(encoding="utf-8")
    if code < 0:
        return f"rank {number} was ended by {signal.Signals(-code).name}"
    return f"rank {number} ended with status {code} and no word"


def end_with_torchrun(parent: int) -> None:
    """End this process when the one that started it is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def main() -> None:
    """What each rank does: train its share, and leave its error if it fails."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started the training
    watch = threading.Thread(target=end_with_torchrun, args=(os.getppid(),), daemon=True)
    watch.start()
    from components.train.fit import fit

    folder = Path(sys.argv[1])
    try:
        fit(TrainingJob.model_validate_json((folder / JOB).read_text(encoding="utf-8")), folder)
    except Exception as error:  # whoever started it must hear of it
        said = f"{type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"
        (folder / f"rank-{rank()}.txt").write_text(said, encoding="utf-8")
        raise
    # All is written. The interpreter's own end, with threads of torch's still there, was a SIGABRT
    # now and then ("terminate called without an active exception"): torchrun's word for failed.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
