"""The confirmation stage.

The best of many trials is partly lucky. So the best setting at each target is trained again, with seeds that the study
has not used, beside vanilla with the same seeds. Only these runs count. Needs the tables of `sweeps.collect`.
"""

from suite.errors import RunError, unknown
from suite.records.run_folder import RunFolder
from sweeps.candidates import Candidate, candidates, confirmation_overrides
from sweeps.folder import StudyFolder
from sweeps.study import Study
from sweeps.trial import TrialFailed, train_run


def confirm(study: Study, folder: StudyFolder, candidate: Candidate, seed: int) -> RunFolder:
    """Train a candidate with a fresh seed, or resume its run.

    Raises:
        RunError: the run failed; its record has the reason.
    """
    print(f"confirming {candidate.name} on {candidate.task}, seed {seed}", flush=True)
    try:
        return train_run(
            confirmation_overrides(study, candidate, seed), folder.confirmation / candidate.name, folder.results
        )
    except TrialFailed as error:
        raise RunError(str(error)) from error


def confirm_all(folder: StudyFolder, candidate: str | None = None, seed: int | None = None) -> None:
    """Train one candidate, or all of them, with one fresh seed, or all of them.

    Raises:
        UserError: the study has no such candidate or seed, or its tables are missing.
        RunError: a run failed; its record says why.
    """
    study = folder.read_study()
    known = {each.name: each for each in candidates(study, folder)}
    if candidate is not None and candidate not in known:
        raise unknown("candidate", candidate, known)
    seeds = study.confirmation.seeds
    if seed is not None and seed not in seeds:
        raise unknown("seed", seed, seeds)
    for name in known if candidate is None else [candidate]:
        for each in seeds if seed is None else [seed]:
            confirm(study, folder, known[name], each)
