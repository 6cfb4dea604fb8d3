"""A worker; start as many as wanted.

It claims one slot after the other until none is left. If it is killed, another worker takes up its trial.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from suite.errors import Stopped
from sweeps.create import study_name
from sweeps.folder import StudyFolder
from sweeps.samplers import sampler, suggest
from sweeps.slots import REASON, SLOT, Tally, alive, claim, release, tally
from sweeps.storage import explained, open_storage, storage_url
from sweeps.study import Study
from sweeps.trial import Outcome, TrialFailed, run_trial

Run = Callable[[Study, StudyFolder, int, Mapping[str, Any]], Outcome]


def work(
    folder: StudyFolder, storage: str | None = None, trials: int | None = None, run: Run = run_trial, pause: float = 1.0
) -> Tally:
    """Run trials until the study has none left.

    Args:
        folder: of a study that was created.
        storage: URL of its database, if not the file in its folder.
        trials: end after so many.
        run: what a trial does.
        pause: seconds between looks while all slots are taken.

    Raises:
        UserError: no study was created here, or the database fails.
        Stopped: this process was asked to end; its current trial is queued again.
    """
    study = folder.read_study()
    url = storage_url(folder, storage)
    with explained(url):
        database = open_storage(url, study.heartbeat)
        optuna_study = optuna.load_study(study_name=study_name(folder), storage=database)
        done = 0
        while done != trials and (trial := claim(optuna_study, database, pause)):
            optuna_study.sampler = sampler(study, trial.number)
            with alive(database, trial), suppress(UpdateFinishedTrialError):
                _settle(optuna_study, study, folder, trial, run)
            done += 1
        return tally(optuna_study, study.trial_count(), study.heartbeat.retries)


def _settle(optuna_study: optuna.Study, study: Study, folder: StudyFolder, trial: optuna.Trial, run: Run) -> None:
    """Run a claimed trial, and tell the study its result.

    Raises:
        UpdateFinishedTrialError: this worker's heartbeat stopped for so long that the trial was taken for lost; another
            trial has replaced it.
    """
    slot, point = trial.user_attrs[SLOT], suggest(study, trial)
    print(f"trial {slot} of {study.trial_count()}: {_words(point)}", flush=True)
    try:
        outcome = run(study, folder, slot, point)
    except TrialFailed as error:
        trial.set_user_attr(REASON, str(error))
        optuna_study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        print(f"trial {slot} failed: {error}", flush=True)
    except Stopped:
        release(optuna_study, trial)
        raise
    else:
        for name, value in outcome.attributes.items():
            trial.set_user_attr(name, value)
        optuna_study.tell(trial, outcome.values, skip_if_finished=True)


def _words(point: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in point.items()) or "as it is"
