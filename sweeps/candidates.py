"""The settings that the confirmation stage trains again, and the folders of these runs. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from suite.errors import UserError
from suite.records.reading import RecordError, read_record
from suite.records.schema.trial import TrialRecord
from sweeps.folder import StudyFolder
from sweeps.setting import Value
from sweeps.study import Study

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


def candidates(study: Study, folder: StudyFolder) -> list[Candidate]:
    """Vanilla, unless the study leaves it out, and the distinct winners of each task.

    Raises:
        UserError: the study's tables are missing, or the record of a winner is at fault.
    """
    path = folder.path / "best.csv"
    if not path.exists():
        raise UserError(f"study: {path} is not there; write it: lshmoe-bench study collect study={study.name}")
    if not study.confirmation.seeds:
        return []
    table = pd.read_csv(path)
    found = []
    for task in study.tasks:
        winners = table.loc[(table["task"] == task) & table["number"].notna(), "number"].astype(int).unique()
        if len(winners) and study.confirmation.vanilla:
            found.append(Candidate(f"{VANILLA}-{task}", task, {"method": VANILLA, "task": task}))
        for number in winners:
            found.append(Candidate(f"trial{number}", task, _fixed(_read_trial(folder, number))))
    return found


def _read_trial(folder: StudyFolder, number: int) -> TrialRecord:
    try:
        return read_record(folder.trials / str(number) / "trial.json", TrialRecord)
    except RecordError as error:
        raise UserError(f"study: {folder.path.name}, trials/{number}: {error}") from None


def _fixed(record: TrialRecord) -> dict[str, Value]:
    """A trial's setting, with the hash functions and buckets that match its target rate."""
    matched = record.matched
    if matched is None:
        return dict(record.setting)
    bits = matched.coordinates.bit_length() if matched.coordinates is not None else matched.planes
    assert bits is not None
    kept = {name: value for name, value in record.setting.items() if name != "target_rate"}
    return kept | {"num_hashes": matched.num_hashes, "bucket_bits": bits}


def confirmation_overrides(study: Study, candidate: Candidate, seed: int) -> list[str]:
    """Overrides of a candidate's run with a fresh seed. It starts from the same weights as the trials."""
    setting = study.setting(candidate.point).model_copy(update={"seed": seed})
    return [*study.overrides(setting), f"origin.seed={study.seed}"]


def confirmation_run(study: Study, folder: StudyFolder, candidate: Candidate, seed: int) -> Path:
    """Folder of a confirmation's record."""
    method = candidate.point.get("method", "lsh")
    names = (study.scale, "runs", study.model, candidate.task, str(method), f"seed{seed}")
    return folder.confirmation / candidate.name / Path(*names)
