"""The confirmation stage: ``python -m sweeps.confirm study=nano_hash scale=nano [candidate=trial3 seed=1]``.

The best of many trials owes some of its lead to luck. So the best setting at each target is trained again, with seeds
that the study never saw, beside vanilla with the same seeds; only these runs count. Needs the tables of
`sweeps.collect`.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from suite.errors import RunError, UserError, unknown
from suite.records import RunFolder
from suite.schema import NonNegativeInt
from sweeps.folder import StudyFolder
from sweeps.options import Options, command, parse
from sweeps.setting import Value
from sweeps.study import Study
from sweeps.trial import TrialFailed, train_run

VANILLA = "vanilla"


@dataclass(frozen=True)
class Candidate:
    """A setting to confirm: ``name`` is ``trial<number>``, or ``vanilla-<task>``."""

    name: str
    task: str
    point: dict[str, Value]

    @property
    def is_vanilla(self) -> bool:
        return self.point.get("method") == VANILLA


class ConfirmOptions(Options):
    """One candidate and one seed, or all of those left out."""

    candidate: str | None = None
    seed: NonNegativeInt | None = None


def candidates(study: Study, folder: StudyFolder) -> list[Candidate]:
    """Vanilla and the distinct winners of each task.

    Raises:
        UserError: the study's tables are missing.
    """
    path = folder.path / "best.csv"
    if not path.exists():
        raise UserError(f"study: {path} is not there; write it: python -m sweeps.collect study={study.name}")
    if not study.confirmation.seeds:
        return []
    table = pd.read_csv(path)
    found = []
    for task in study.tasks:
        winners = table.loc[(table["task"] == task) & table["number"].notna(), "number"].astype(int).unique()
        if len(winners):
            found.append(Candidate(f"{VANILLA}-{task}", task, {"method": VANILLA, "task": task}))
        for number in winners:
            setting = json.loads((folder.trials / str(number) / "trial.json").read_text())["setting"]
            found.append(Candidate(f"trial{number}", task, setting))
    return found


def confirmation_overrides(study: Study, candidate: Candidate, seed: int) -> list[str]:
    """The run of a candidate with a fresh seed. Weights to start from stay those that the trials started from."""
    setting = study.setting(candidate.point).model_copy(update={"seed": seed})
    return [*study.overrides(setting), f"origin.seed={study.seed}"]


def confirm(study: Study, folder: StudyFolder, candidate: Candidate, seed: int) -> RunFolder:
    """Train a candidate with a fresh seed, or go on with it.

    Raises:
        RunError: the run failed; its record says why.
    """
    print(f"confirming {candidate.name} on {candidate.task}, seed {seed}", flush=True)
    try:
        return train_run(
            confirmation_overrides(study, candidate, seed), folder.confirmation / candidate.name, folder.results
        )
    except TrialFailed as error:
        raise RunError(str(error)) from error


def confirmation_run(study: Study, folder: StudyFolder, candidate: Candidate, seed: int) -> Path:
    """Where the record of a confirmation lies."""
    method = candidate.point.get("method", "lsh")
    names = (study.scale, "runs", study.model, candidate.task, str(method), f"seed{seed}")
    return folder.confirmation / candidate.name / Path(*names)


def main(words: list[str]) -> None:
    """Confirm what is asked for."""
    options = parse(ConfirmOptions, words)
    study = options.folder.read_study()
    known = {candidate.name: candidate for candidate in candidates(study, options.folder)}
    if options.candidate is not None and options.candidate not in known:
        raise unknown("candidate", options.candidate, known)
    seeds = study.confirmation.seeds
    if options.seed is not None and options.seed not in seeds:
        raise unknown("seed", options.seed, seeds)
    for name in [options.candidate] if options.candidate else known:
        for seed in [options.seed] if options.seed is not None else seeds:
            confirm(study, options.folder, known[name], seed)


if __name__ == "__main__":
    command(main)
