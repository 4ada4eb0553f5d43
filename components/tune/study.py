"""The study of one architecture in Optuna: trials are claimed, reported and ended.

Trials are counted, claimed and taken over from dead processes under one lock, so that any number of
processes can work at a study without doing one of them twice.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.pruners import MedianPruner
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from components.records import Claimed, Search, TrialOutcome
from components.tune.distributions import as_params, as_suggestion, distributions
from components.tune.owners import Owner
from components.tune.points import next_point
from params.names import Architecture

# What a trial carries in Optuna.
OWNER, PLACE, REPEATS = "owner", "place", "repeats"
REASON, SECONDS, EPOCHS, RUN = "reason", "seconds", "epochs", "run_id"

STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


class ArchitectureStudy:
    """One architecture's trials, which may be reported from any thread."""

    def __init__(
        self, search: Search, architecture: Architecture, storage: BaseStorage, owner: Owner
    ):
        """The study of that name, made if it is not there."""
        self.search = search
        self.architecture = architecture
        self.owner = owner
        self.open: dict[int, Trial] = {}
        self.lock: Path = owner.folder / f"{architecture}.claim"
        name = search.study(architecture)
        with FileLock(self.lock):
            self.study = optuna.create_study(
                storage=storage,
                study_name=name,
                direction="minimize" if search.better == "lower" else "maximize",
                # Optuna's own five trials go before; it counts steps as we count epochs.
                pruner=MedianPruner(n_warmup_steps=search.warm_up + 1),
                load_if_exists=True,
            )
            if search.first is not None and not self.study.get_trials(deepcopy=False):
                suggestion = as_suggestion(search.space, search.first)
                self.study.enqueue_trial(suggestion, user_attrs={PLACE: 1})

    def claim(self) -> Claimed | None:
        """The next trial, which is this process's now; none if there are enough, or no point left.

        One worker claims the same trials in every such search, however often it was interrupted:
        the sampler is seeded by the study and the trial's place.
        """
        with FileLock(self.lock):
            trials = self.study.get_trials(deepcopy=False)
            again = {trial.user_attrs[REPEATS] for trial in trials if REPEATS in trial.user_attrs}
            counted = [trial for trial in trials if trial.number not in again]
            waiting = [trial for trial in counted if trial.state == TrialState.WAITING]
            if len(counted) - len(waiting) >= self.search.num_trials:
                return None
            if not waiting and not self.add_next(counted):
                return None
            trial = self.study.ask(distributions(self.search.space))
            trial.set_user_attr(OWNER, self.owner.name)
        self.open[trial.number] = trial
        values = as_params(self.search.space, trial.params)
        return Claimed(
            architecture=self.architecture,
            number=trial.number,
            place=trial.user_attrs[PLACE],
            values=values,
        )

    def add_next(self, counted: Sequence[FrozenTrial]) -> bool:
        """Let a trial wait that has no values of the `counted` ones; returns whether there is one.

        Before it is claimed, so that whoever is killed meanwhile leaves it with its values.
        """
        place = len(counted) + 1
        seed = ("trial", self.study.study_name, place)
        point = next_point(self.search.space, self.study, map(suggested, counted), seed)
        if point is not None:
            self.study.enqueue_trial(point, user_attrs={PLACE: place})
        return point is not None

    def take_over(self) -> list[int]:
        """The places of trials whose process is gone; they are to be done again, with their values.

        Call it before claiming.
        """
        found = []
        with FileLock(self.lock):
            trials = self.study.get_trials(deepcopy=False)
            again = {trial.user_attrs.get(REPEATS) for trial in trials}
            for trial in trials:
                if trial.state != TrialState.RUNNING or self.is_done_elsewhere(trial):
                    continue
                # One without a place was claimed last, by a process that ended within the claim.
                place = trial.user_attrs.get(PLACE) or self.count_of(trials, again)
                if trial.number not in again:  # else its process ended while taking it over
                    attributes = {PLACE: place, REPEATS: trial.number}
                    self.study.enqueue_trial(suggested(trial), user_attrs=attributes)
                self.study.tell(trial.number, state=TrialState.FAIL)
                found.append(place)
        return found

    def is_done_elsewhere(self, trial: FrozenTrial) -> bool:
        """Whether a live process has the trial."""
        owner = trial.user_attrs.get(OWNER)
        return owner is not None and self.owner.is_alive(owner)

    def num_elsewhere(self) -> int:
        """How many trials other processes are at."""
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return sum(
            trial.number not in self.open and self.is_done_elsewhere(trial) for trial in running
        )

    @staticmethod
    def count_of(trials: Sequence[FrozenTrial], again: set[int | None]) -> int:
        """How many trials have a place."""
        return sum(trial.number not in again for trial in trials)

    def report(self, claimed: Claimed, epoch: int, value: float) -> bool:
        """Report the metric after an epoch; returns whether the trial is to be ended early."""
        trial = self.open[claimed.number]
        trial.report(value, epoch)
        return trial.should_prune()

    def end(self, claimed: Claimed, outcome: TrialOutcome) -> None:
        """Keep how a trial ended."""
        trial = self.open.pop(claimed.number)
        attributes = {
            EPOCHS: outcome.epochs,
            SECONDS: outcome.seconds,
            REASON: outcome.reason,
            RUN: outcome.run_id,
        }
        for key, value in attributes.items():
            trial.set_user_attr(key, value)
        if outcome.state == "complete":
            self.study.tell(trial, outcome.value)
        else:
            pruned = outcome.state == "pruned"
            self.study.tell(trial, state=TrialState.PRUNED if pruned else TrialState.FAIL)

    def outcomes(self) -> tuple[TrialOutcome, ...]:
        """Every trial that ended, but for those that were done again, in the order of places."""
        trials = self.study.get_trials(deepcopy=False)
        again = {trial.user_attrs.get(REPEATS) for trial in trials}
        ended = [
            outcome_of(self.search, self.architecture, trial)
            for trial in trials
            if trial.state in STATES and trial.number not in again
        ]
        return tuple(sorted(ended, key=lambda one: one.place))


def suggested(trial: FrozenTrial) -> dict[str, Any]:
    """What a trial has, or is to have; Any: as Optuna types it."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def outcome_of(search: Search, architecture: Architecture, trial: FrozenTrial) -> TrialOutcome:
    """How a trial of Optuna's ended."""
    return TrialOutcome.model_validate(
        {
            "architecture": architecture,
            "place": trial.user_attrs[PLACE],
            "state": STATES[trial.state],
            "values": as_params(search.space, trial.params),
            "value": trial.value,
            **{key: trial.user_attrs[key] for key in (EPOCHS, SECONDS, REASON, RUN)},
        }
    )
