"""A server in a process of its own: started, waited for, and ended with the process that did so.

As a program, `python -m flows.started COMMAND...` is that command, which ends when its standard
input is closed: what starts it holds the other end, and is so survived by nothing.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import httpx

POLL_SECONDS = 0.05
STOP_SECONDS = 5


class NotUp(Exception):
    """A server ended or does not answer; the message goes on after what the server is called."""


@dataclass(frozen=True)
class Started:
    """A server's process and what it prints."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def said(self) -> str:
        """The last error it printed, or else the last line."""
        self.output.seek(0)
        lines = [line for line in self.output.read().decode(errors="replace").splitlines() if line]
        errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line)]
        return (errors or lines or ["nothing"])[-1].strip()

    def require_running(self) -> None:
        """See that it has not ended.

        Raises:
            NotUp: If it has.
        """
        status = self.process.poll()
        if status is not None:
            raise NotUp(f"ended with status {status}; it said: {self.said()}")


def launch(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    output: IO[bytes],
    pass_fds: Sequence[int] = (),
) -> Started:
    """Python with those arguments, in a process group which a Ctrl-C in a terminal does not reach.

    It is given a standard input that closes when this process ends, however it does.
    """
    # Safe of a folder `flows` where the user stands.
    process = subprocess.Popen(
        [sys.executable, "-P", *arguments],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env=dict(environment),
        pass_fds=pass_fds,
        process_group=0,
    )
    return Started(process, output)


def wait_for(url: str, started: Started, seconds: float) -> None:
    """Wait until a server says at that address that all is well.

    Raises:
        NotUp: If it ends, or takes longer than `seconds`.
    """
    end = time.monotonic() + seconds
    with httpx.Client(trust_env=False) as client:  # no proxy stands between us and ourselves
        while time.monotonic() < end:
            started.require_running()
            try:
                if client.get(url).is_success:
                    return
            except httpx.TransportError:
                pass  # it does not listen yet
            time.sleep(POLL_SECONDS)
    raise NotUp(f"did not answer within {seconds:g} s")


def stop(*servers: Started) -> None:
    """End servers, unless they were ended: they are asked, and killed if they take too long."""
    running = [one for one in servers if not one.output.closed]
    for started in running:
        started.process.terminate()
    end = time.monotonic() + STOP_SECONDS
    for started in running:
        with started.output, started.process as process:
            try:
                process.wait(max(0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                kill(started)


def kill(started: Started) -> None:
    """End a server and all that it started, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.process.pid, signal.SIGKILL)


def end_with_parent() -> None:
    """Ask this process to end once its standard input, which its parent holds, is closed."""
    os.read(0, 1)  # not sys.stdin, whose lock would keep the interpreter from ending
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os.killpg(0, signal.SIGKILL)


def stand_in(command: Sequence[str]) -> int:
    """The exit status of a command that is told of SIGTERM and ends with our standard input."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    threading.Thread(target=end_with_parent, daemon=True).start()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if ended.wait(POLL_SECONDS):
                process.terminate()
                process.wait()
        status = process.returncode
    return status if status >= 0 else 128 - status  # as a shell says it of a signal


if __name__ == "__main__":
    sys.exit(stand_in(sys.argv[1:]))
