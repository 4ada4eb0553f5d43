"""What a person sees: plain lines in a file, a live line a training on a terminal."""

import logging
from contextlib import suppress
from datetime import datetime
from io import StringIO

import pytest
from rich.console import Console

from flows import terminal
from flows.terminal import Terminal, showing

logger = logging.getLogger("components.train.run")


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> StringIO:
    """What is shown; on a terminal if the test is parametrized so."""
    file = StringIO()
    live = getattr(request, "param", False)
    console = Console(
        file=file,
        force_terminal=live,
        width=160,
        highlight=False,
        soft_wrap=True,
        color_system=None,
    )
    monkeypatch.setattr(terminal, "console", console)
    return file


def step(run: str, number: int) -> None:
    event = {"kind": "step", "epoch": 1, "step": number, "num_steps": 20}
    logger.debug("%s: step %d", run, number, extra={"run": run, "event": event})


def epoch(run: str, number: int) -> None:
    event = {"kind": "epoch", "epoch": number, "max_epochs": 3, "metrics": {"val/loss": 0.25}}
    text = f"{run}: epoch {number}/3: val/loss 0.2500"
    logger.info(text, extra={"run": run, "event": event})


def lines(screen: StringIO) -> list[str]:
    """What is shown, line by line, without the seconds before each."""
    return [line.partition(" s  ")[2].rstrip() for line in screen.getvalue().splitlines()]


def test_a_file_gets_one_plain_line_an_epoch(screen: StringIO) -> None:
    with showing() as shown:
        shown.say("temperature: 4 architectures")
        step("gru seed 1", 5)
        epoch("gru seed 1", 1)
        epoch("gru seed 1", 2)
        logger.info("gru seed 1: trained in 1.0 s", extra={"run_ended": "gru seed 1"})
        logger.error("lstm seed 1: [red] is no [markup]")
        logger.debug("nobody needs this")
    assert lines(screen) == [
        "temperature: 4 architectures",
        "gru seed 1: epoch 1/3: val/loss 0.2500",
        "gru seed 1: epoch 2/3: val/loss 0.2500",
        "gru seed 1: trained in 1.0 s",
        "lstm seed 1: [red] is no [markup]",
    ]
    assert "\x1b" not in screen.getvalue()
    assert all(float(line.partition(" s  ")[0]) < 60 for line in screen.getvalue().splitlines())


def test_a_log_that_many_runs_share_has_the_time_of_day(screen: StringIO) -> None:
    before = datetime.now().replace(microsecond=0)
    with showing(clock=True):
        logger.info("gru seed 1: trained in 1.0 s")
    moment, _, said = screen.getvalue().rstrip().partition("  ")
    assert before <= datetime.fromisoformat(moment) <= datetime.now()
    assert said == "gru seed 1: trained in 1.0 s"


@pytest.mark.parametrize("screen", [True], indirect=True)
def test_a_terminal_gets_a_live_line_for_each_running_training(screen: StringIO) -> None:
    def live(shown: Terminal) -> list[tuple[str, float, str]]:
        return [
            (task.description, task.percentage, task.fields["metrics"])
            for task in shown.progress.tasks
        ]

    with showing() as shown:
        step("gru seed 1", 5)
        epoch("lstm seed 2", 1)
        assert live(shown) == [
            ("gru seed 1", 25, ""),
            ("lstm seed 2", 0, "epoch 1 of 3: val/loss 0.2500"),
        ]
        step("lstm seed 2", 10)
        epoch("gru seed 1", 2)
        assert live(shown) == [
            ("gru seed 1", 25, "epoch 2 of 3: val/loss 0.2500"),
            ("lstm seed 2", 50, "epoch 1 of 3: val/loss 0.2500"),
        ]
        shown.progress.refresh()
        logger.info("gru seed 1: trained in 1.0 s", extra={"run_ended": "gru seed 1"})
        assert [name for name, *_ in live(shown)] == ["lstm seed 2"]
        logger.error("lstm seed 2: killed", extra={"run_ended": "lstm seed 2"})
        assert live(shown) == []
    text = screen.getvalue()
    assert "50 %" in text  # drawn
    assert "lstm seed 2: epoch 1/3" not in text  # and not written as a line as well
    assert text.count("gru seed 1: trained in 1.0 s") == 1
    assert text.count("lstm seed 2: killed") == 1


def test_nothing_is_left_behind(screen: StringIO) -> None:
    components = logging.getLogger("components")
    before = (components.level, list(components.handlers))
    with suppress(KeyboardInterrupt), showing():
        assert components.level == logging.DEBUG
        raise KeyboardInterrupt
    assert (components.level, components.handlers) == before
    logger.error("too late")
    assert screen.getvalue() == ""
