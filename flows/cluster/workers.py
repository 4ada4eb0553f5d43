"""The workers of a cluster that were seen to be fit; nothing is given to any other."""

import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from distributed import CancelledError, Client
from distributed.core import Status
from prefect.context import serialize_context

from flows.cluster.look import STEP_SECONDS, STEPS, Question, differing, in_words, look, versions
from flows.tasks import logger
from flows.told import Lost
from params.errors import InputError, plural
from params.resources import Resources

if TYPE_CHECKING:
    from distributed import Scheduler

WORKERS_SECONDS = 30  # for the first worker
GONE_SECONDS = 120  # for another when none is left: a machine may be starting anew
ANSWERS_SECONDS = STEPS * STEP_SECONDS + 15  # for all that new workers are asked
GPU = "GPU"  # what Dask calls the slots of a worker that was started with --resources "GPU=1"
FLOW = "unroll"  # the annotation of a task that says whose it is
SCHEDULER = "scheduler"

Facts = Mapping[str, Any]  # Any: what Dask tells of a worker
Problems = dict[str, str]


class Workers:
    """Those that are fit, of all that come and go."""

    def __init__(self, client: Client, question: Question, flow: str):
        """All that are there now, each of which is looked at; tasks of the flow say `flow`.

        Raises:
            InputError: If one is not fit, or the scheduler runs other code.
        """
        self.client, self.question, self.flow = client, question, flow
        self.context = serialize_context()
        self.there: Mapping[str, Facts] = self.present()
        self.gpus = any(map(slots, self.there.values()))
        require_slots(self.there, question.resources)
        refuse(self.problems(self.there, and_scheduler=True))
        self.fit, self.unfit = set(self.there), set[str]()
        self.none_since: float | None = None

    def present(self) -> Mapping[str, Facts]:
        """What Dask tells of the workers that are there now, by address.

        Raises:
            CancelledError: If the scheduler is gone.
        """
        info = self.client.scheduler_info(n_workers=-1)
        if "workers" not in info:
            raise CancelledError("the scheduler is gone")
        return dict(info["workers"])

    def look(self) -> None:
        """See who is there now, and whether those who came since are fit.

        What waits for a worker may go to new ones then. Those that are not fit are told of once.

        Raises:
            CancelledError: If the scheduler is gone.
            Lost: If no worker that can train has been there for a while.
        """
        self.there = self.present()
        self.unfit &= self.there.keys()
        # Whoever is gone is not known any more, unless nobody else is: tasks need an address.
        self.fit = (self.fit & self.there.keys()) or self.fit
        new = {one: self.there[one] for one in self.there.keys() - self.fit - self.unfit}
        if new:
            self.welcome(new)
        if self.room():
            self.none_since = None
            return
        self.none_since = self.none_since or time.monotonic()
        if time.monotonic() - self.none_since > GONE_SECONDS:
            raise Lost("no worker of the Dask cluster that can train is left")

    def welcome(self, new: Mapping[str, Facts]) -> None:
        """Let those that are fit do what this flow's tasks are."""
        problems, self.there = self.problems(new), self.present()
        came = new.keys() & self.there.keys()  # one that has gone meanwhile is no matter
        for one in sorted(came & problems.keys()):
            logger.warning("cluster: the worker %s %s; it gets nothing", one, problems[one])
            self.unfit.add(one)
        fit = came - problems.keys()
        if fit:
            self.fit |= fit
            self.client.run_on_scheduler(admit, self.flow, self.fit)
            more = plural(len(fit), "more worker")
            logger.info("cluster: %s, %s at a time", more, plural(self.room(), "training"))

    def problems(self, workers: Mapping[str, Facts], *, and_scheduler: bool = False) -> Problems:
        """What is wrong with each, in words: another version, or something that it lacks."""
        known = versions()
        answers: dict[str, object] = self.ask(list(workers), versions)
        if and_scheduler:
            answers[SCHEDULER] = self.asked_of_scheduler()
        found: Problems = {}
        for where, there in answers.items():
            if not isinstance(there, dict):
                found[where] = (
                    f"has no Unroll of this version ({there}); install the same on all machines"
                )
            elif other := differing(there, known):
                found[where] = other
        if found and and_scheduler:  # then nothing begins anyway
            return found
        same = {one: told for one, told in workers.items() if one not in found}
        for train in (True, False):
            asked = [one for one, told in same.items() if self.may_train(told) == train]
            for where, said in self.ask(asked, look, self.asking(train), self.context).items():
                if said is not None:
                    found[where] = in_words(said)
        return found

    def ask(self, workers: list[str], question: object, *given: object) -> dict[str, object]:
        """What each worker answers, which may be an error."""
        limit = ANSWERS_SECONDS
        if not workers:
            return {}
        try:
            answers = self.client.run(
                question, *given, workers=workers, on_error="return", callback_timeout=limit
            )
            return dict(answers)
        except TimeoutError:  # Dask does not say whose
            late = TimeoutError(f"it or one that came with it did not answer within {limit:.0f} s")
            return dict.fromkeys(workers, late)
        except OSError as error:  # of the scheduler's: what workers raise is an answer
            raise CancelledError("the scheduler is gone") from error

    def asked_of_scheduler(self) -> object:
        """Its versions, or an error."""
        try:
            return self.client.run_on_scheduler(versions)
        except Exception as error:  # noqa: BLE001 - such as a module that is not installed there
            return error

    def asking(self, train: bool) -> Question:
        """What a worker is to see; one that only fits baselines needs no devices."""
        needs = self.question.resources if train else Resources()
        return self.question.model_copy(update={"resources": needs})

    def may_train(self, told: Facts) -> bool:
        """Whether trainings may go to a worker: where some have GPU slots, to those alone."""
        return not self.gpus or slots(told) > 0

    def room(self) -> int:
        """How many trainings the fit workers that are there can do at a time."""
        devices, room = self.question.resources.devices, 0
        for one in self.fit & self.there.keys():
            threads = int(self.there[one]["nthreads"])
            room += min(int(slots(self.there[one]) // devices), threads) if self.gpus else threads
        return room

    def threads(self) -> dict[str, int]:
        """How many tasks the workers of each host do at a time."""
        threads = Counter[str]()
        for address, one in self.there.items():
            threads[urlsplit(address).hostname or ""] += one["nthreads"]
        return dict(threads)

    def annotations(self, gpus: int) -> dict[str, object]:
        """What Dask is told of a task that needs so many GPUs: whose it is, who may do it."""
        needs = {"resources": {GPU: gpus}} if self.gpus and gpus else {}
        return {FLOW: self.flow, "workers": sorted(self.fit), **needs}


def slots(told: Facts) -> float:
    """How many GPUs a worker says that it has."""
    return float(told["resources"].get(GPU, 0))


def require_slots(workers: Mapping[str, Facts], resources: Resources) -> None:
    """See that, if workers have GPU slots, one has as many as a training asks for.

    Raises:
        InputError: If not.
    """
    most, devices = max(map(slots, workers.values())), resources.devices
    if 0 < most < devices:
        raise InputError(
            f"resources.devices must be at most {most:g}, the GPU slots of a worker, got {devices}"
        )


def refuse(problems: Problems) -> None:
    """Say what is wrong where.

    Raises:
        InputError: If anything is.
    """
    if problems:
        where, problem = min(problems.items())
        name = "Dask's scheduler" if where == SCHEDULER else f"the worker {where}"
        more = f" (and {plural(len(problems) - 1, 'more')})" if len(problems) > 1 else ""
        raise InputError(f"{name} {problem}{more}")


def admit(flow: str, workers: Collection[str], dask_scheduler: "Scheduler | None" = None) -> None:
    """Let these workers, on the scheduler, do the flow's tasks, of which some may wait for one.

    Dask itself looks for something to do for a worker when it comes, and not again.
    """
    assert dask_scheduler is not None, "given by Dask"
    for task in dask_scheduler.tasks.values():
        if (task.annotations or {}).get(FLOW) == flow:
            task.worker_restrictions = set(workers)
    for address in workers:
        worker = dask_scheduler.workers.get(address)
        if worker is not None and worker.status == Status.running:
            ready = dask_scheduler.bulk_schedule_unrunnable_after_adding_worker(worker)
            dask_scheduler.transitions(ready, f"unroll-admits-{time.time()}")
