"""The paper's ablation (Fig. 7): rows from the records of the study ``paper_ablation``, one per trial.

Read from ``sweeps/paper_ablation/trials/<number>``: what each trial was to be stands in its ``trial.json``, what it
came to in its run's record.
"""

from dataclasses import dataclass
from pathlib import Path

from suite.analysis.rows import Row
from suite.records.opened import note
from suite.records.reading import Invalid, RecordError, read_record
from suite.records.runs import Run, read_runs
from suite.records.schema.trial import Matched, TrialRecord, Value

STUDY = "sweeps/paper_ablation"
# Which half of the figure a trial belongs to: accuracy and rate by number of functions, or families at equal rates.
FUNCTIONS, EQUAL_RATE = "hash functions", "equal rate"
# What the paper's axes show (Fig. 7, middle), and its default: about 20 % at 6 functions. Fractions of rows.
PAPER_RATES = {"mnli": (0.10, 0.40), "sst2": (0.05, 0.35)}
PAPER_RATE_AT_SIX = 0.20
# The paper's task that each of ours stands for.
STANDS_FOR = {"sst2": "sst2", "sst2_like": "sst2", "mnli": "mnli", "vitaminc": "mnli"}


@dataclass(frozen=True)
class Trial:
    """One trial of the study with a valid record. ``setting`` and ``matched`` are those of ``trial.json``."""

    number: int
    setting: dict[str, Value]
    matched: Matched | None
    run: Run
    path: Path

    @property
    def part(self) -> str:
        return EQUAL_RATE if "target_rate" in self.setting else FUNCTIONS

    @property
    def label(self) -> str:
        """``origin``, ``6 functions``, or ``cross_polytope at 20 %``."""
        if self.setting.get("method") == "vanilla":
            return "origin"
        if self.part == EQUAL_RATE:
            return f"{self.setting['family']} at {self.setting['target_rate']:.0%}"
        return f"{self.setting['num_hashes']} functions"


def read_ablation(folder: Path) -> tuple[list[Trial], list[Invalid]]:
    """Trials of the study below ``folder`` (``results/<scale>``), in order, and the records that cannot be used."""
    trials: list[Trial] = []
    faults: list[Invalid] = []
    for file in sorted((folder / STUDY / "trials").glob("*/trial.json"), key=lambda path: int(path.parent.name)):
        note(file)
        try:
            record = read_record(file, TrialRecord)
        except RecordError as error:
            faults.append(Invalid("", "", None, file, str(error)))
            continue
        runs, invalid = read_runs(file.parent / folder.name)
        faults += invalid
        trials += [
            Trial(record.trial, record.setting, record.matched, run, run.path.relative_to(folder)) for run in runs
        ]
    return trials, faults


def ablation_rows(trials: list[Trial]) -> list[Row]:
    """One row per trial; ``over_origin`` is its quality less origin's on the same task."""
    origin = {trial.run.task: _quality(trial.run) for trial in trials if trial.label == "origin"}
    return [_row(trial, origin.get(trial.run.task)) for trial in trials]


def _row(trial: Trial, origin: float | None) -> Row:
    summary, setting, matched = trial.run.summary, trial.setting, trial.matched
    quality = _quality(trial.run)
    family = setting.get("family", "cross_polytope") if trial.label != "origin" else None
    return {
        "part": trial.part,
        "model": trial.run.model,
        "task": trial.run.task,
        "stands_for": STANDS_FOR.get(trial.run.task),
        "setting": trial.label,
        "family": family,
        "num_hashes": matched.num_hashes if matched else setting.get("num_hashes"),
        "coordinates": matched.coordinates if matched else None,
        "planes": matched.planes if matched else None,
        "target_rate": setting.get("target_rate"),
        "rate": summary.rate,
        "paper_rate": PAPER_RATE_AT_SIX if trial.label == "6 functions" else setting.get("target_rate"),
        "metric": trial.run.metric,
        "quality": quality,
        "over_origin": None if origin is None or trial.label == "origin" else quality - origin,
        "steps": summary.steps,
        "path": str(trial.path),
    }


def _quality(run: Run) -> float:
    return float(run.evals[run.metric].iloc[-1])
