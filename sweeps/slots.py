"""Slots: a study is created with exactly as many waiting trials as it shall have, and workers claim them.

A claim is the storage's compare-and-set, so two workers never get the same slot. Workers never add slots, so the number
of trials is exact for any number of workers. If a worker dies, its trial is marked as failed, and the slot is queued
again as a new trial with the same parameters and the slot's number.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import FrozenTrial, Trial, TrialState

SLOT = "slot"
# Why a trial's run failed. A failed trial without a reason lost its worker.
REASON = "reason"


@dataclass(frozen=True)
class Tally:
    """Number of a study's slots by state."""

    slots: int
    complete: int
    failed: int
    running: int
    waiting: int
    given_up: int

    @property
    def settled(self) -> int:
        """Slots that need no more work."""
        return self.complete + self.failed + self.given_up

    @property
    def lost(self) -> int:
        """Slots whose worker died after it marked a trial as failed and before it queued it again."""
        return self.slots - self.settled - self.running - self.waiting

    def __str__(self) -> str:
        parts = {name: getattr(self, name) for name in ("complete", "failed", "running", "waiting", "given_up", "lost")}
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in parts.items() if count)


def create_slots(study: optuna.Study, points: Sequence[dict[str, Any]]) -> None:
    """Queue one trial per point, with its parameters fixed. Existing slots are skipped, lost ones queued again."""
    last: dict[int, FrozenTrial] = {trial.user_attrs[SLOT]: trial for trial in study.get_trials(deepcopy=False)}
    lost = {trial.user_attrs[SLOT] for trial in _lost(study)}
    for number, point in enumerate(points):
        if number not in last:
            study.enqueue_trial(point, user_attrs={SLOT: number})
        elif number in lost:
            RetryHeartbeatStaleTrialCallback()(study, last[number])


def tally(study: optuna.Study, slots: int, retries: int) -> Tally:
    """Count the study's slots by state; ``retries`` is how often a lost trial is tried again."""
    states: dict[int, list[str]] = defaultdict(list)
    for trial in study.get_trials(deepcopy=False):
        states[trial.user_attrs[SLOT]].append(state_of(trial))
    counts: dict[str, int] = defaultdict(int)
    for found in states.values():
        best = next((name for name in ("complete", "failed", "running", "waiting") if name in found), None)
        counts[best or ("given_up" if len(found) > retries else "lost")] += 1
    return Tally(slots, *(counts[name] for name in ("complete", "failed", "running", "waiting", "given_up")))


def state_of(trial: FrozenTrial) -> str:
    """``complete``, ``failed``, ``running``, ``waiting``, or ``lost`` with its worker."""
    if trial.state == TrialState.FAIL:
        return "failed" if REASON in trial.user_attrs else "lost"
    return {TrialState.COMPLETE: "complete", TrialState.RUNNING: "running"}.get(trial.state, "waiting")


def _lost(study: optuna.Study) -> list[FrozenTrial]:
    """The last trial of every slot that is neither settled, nor running, nor waiting."""
    last: dict[int, FrozenTrial] = {}
    settled = set()
    for trial in study.get_trials(deepcopy=False):
        last[trial.user_attrs[SLOT]] = trial
        if state_of(trial) != "lost":
            settled.add(trial.user_attrs[SLOT])
    return [trial for slot, trial in last.items() if slot not in settled]


def claim(study: optuna.Study, storage: RDBStorage, pause: float) -> Trial | None:
    """The next slot; ``None`` when no work is left.

    While other workers run trials, this call waits: one of them may die, and its slot is then free again.

    Args:
        study: loaded from ``storage``.
        storage: with a heartbeat.
        pause: seconds between looks.
    """
    waited = Event()
    while True:
        fail_stale_trials(study)
        waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        # A worker that loses the first slot goes on in random order: in the same order, all would race for each slot.
        first, others = waiting[:1], waiting[1:]
        for frozen in first + random.sample(others, len(others)):
            try:
                if storage.set_trial_state_values(frozen._trial_id, TrialState.RUNNING):
                    return Trial(study, frozen._trial_id)
            except UpdateFinishedTrialError:
                continue
        if not study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.WAITING)):
            return None
        waited.wait(pause)


def release(study: optuna.Study, trial: Trial) -> None:
    """Return a slot whose work was stopped: it is queued again at once."""
    frozen = study.tell(trial, state=TrialState.FAIL)
    RetryHeartbeatStaleTrialCallback()(study, frozen)


@contextmanager
def alive(storage: RDBStorage, trial: Trial) -> Iterator[None]:
    """Within the context, record heartbeats of ``trial``, so that other workers do not take it for lost."""
    ended, interval = Event(), storage.get_heartbeat_interval()

    def beat() -> None:
        while not ended.wait(interval):
            storage.record_heartbeat(trial._trial_id)

    storage.record_heartbeat(trial._trial_id)
    thread = Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
