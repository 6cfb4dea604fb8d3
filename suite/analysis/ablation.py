"""The paper's ablation (Fig. 7): rows from the records of the study ``paper_ablation``, one per trial.

Read from ``sweeps/paper_ablation/trials/<number>``: what each trial was to be stands in its ``trial.json``, what it
came to in its run's record.
"""

from dataclasses import dataclass
from pathlib import Path

from suite.analysis.columns import column, table_row
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
        """Which half of the figure it belongs to."""
        return FUNCTIONS if self.target_rate is None else EQUAL_RATE

    @property
    def family(self) -> str | None:
        """Of its hash functions; ``None`` for origin."""
        return None if self.is_origin else str(self.setting.get("family", "cross_polytope"))

    @property
    def num_hashes(self) -> int | None:
        """Hash functions: those that the study matched to a rate, or those that it asked for."""
        wanted = self.matched.num_hashes if self.matched else self.setting.get("num_hashes")
        return None if wanted is None else int(wanted)

    @property
    def target_rate(self) -> float | None:
        """The rate that the study asked for, if it did."""
        wanted = self.setting.get("target_rate")
        return None if wanted is None else float(wanted)

    @property
    def is_origin(self) -> bool:
        """Whether this is vanilla, which the others are held against."""
        return self.setting.get("method") == "vanilla"

    @property
    def label(self) -> str:
        """``origin``, ``6 functions``, or ``cross_polytope at 20 %``."""
        if self.is_origin:
            return "origin"
        return (
            f"{self.num_hashes} functions" if self.target_rate is None else f"{self.family} at {self.target_rate:.0%}"
        )


@table_row
class AblationRow:
    """One trial of the study."""

    part: str = column(
        "`hash functions`: 2 to 10 of them, and origin; `equal rate`: cross-polytope beside spherical-plane hashing"
    )
    model: str = column("name of a file under `suite/conf/model`", words=True)
    task: str = column("name of a file under `suite/conf/task`", words=True)
    stands_for: str | None = column("the paper's task in whose place ours stands")
    setting: str = column("`origin`, the number of functions, or family and rate aimed at", words=True)
    family: str | None = column("of hashes: `cross_polytope` or `spherical_plane`; empty for origin")
    num_hashes: int | None = column("number of hash functions", header="functions")
    coordinates: int | None = column("kept coordinates per function, where the study chose them")
    planes: int | None = column("planes per function, where the study chose them")
    target_rate: float | None = column("aimed at", "fraction")
    rate: float | None = column("reached, over the whole training", "fraction", form=".1%", better="lower")
    paper_rate: float | None = column(
        "what the paper reports or compares at", "fraction", header="paper's_rate", form=".0%"
    )
    metric: str = column("what `quality` is")
    quality: float = column("held-out, after the last step", "as metric", form=".4g")
    over_origin: float | None = column("`quality` less origin's on the same task", "as metric", form="+.3g")
    steps: int = column("length of the run", "steps", form="d")
    path: str = column("of the run below `results/<scale>`")


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


def ablation_rows(trials: list[Trial]) -> list[AblationRow]:
    """One row per trial."""
    origin = {trial.run.task: _quality(trial.run) for trial in trials if trial.is_origin}
    return [_row(trial, origin.get(trial.run.task)) for trial in trials]


def _row(trial: Trial, origin: float | None) -> AblationRow:
    summary, matched = trial.run.summary, trial.matched
    quality = _quality(trial.run)
    return AblationRow(
        part=trial.part,
        model=trial.run.model,
        task=trial.run.task,
        stands_for=STANDS_FOR.get(trial.run.task),
        setting=trial.label,
        family=trial.family,
        num_hashes=trial.num_hashes,
        coordinates=matched.coordinates if matched else None,
        planes=matched.planes if matched else None,
        target_rate=trial.target_rate,
        rate=summary.rate,
        paper_rate=PAPER_RATE_AT_SIX if trial.label == "6 functions" else trial.target_rate,
        metric=trial.run.metric,
        quality=quality,
        over_origin=None if origin is None or trial.is_origin else quality - origin,
        steps=summary.steps,
        path=str(trial.path),
    )


def _quality(run: Run) -> float:
    return run.summary.final[run.metric]
