"""Runs as data: each read whole or refused with a reason."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from suite.records.consistency import check_configuration, check_final, check_steps, check_totals, conflicts
from suite.records.opened import note
from suite.records.reading import Invalid, RecordError, read_metrics, read_record
from suite.records.schema.failure import Failure
from suite.records.schema.metrics import EvalLine, FinalLine, TrainLine
from suite.records.schema.summary import Summary
from suite.records.state import state_of_files

FILES = ("summary.json", "metrics.jsonl", "config.yaml", "failure.json")


@dataclass(frozen=True)
class Run:
    """One complete run. ``train`` and ``evals`` hold one row per metrics line of that event, in order of steps.

    ``evals`` is the curve; what the run came to is in ``summary.final``, of more held-out examples where there are any.

    Attributes:
        path: its folder.
        metrics_sha256: of ``metrics.jsonl``.
    """

    model: str
    task: str
    method: str
    seed: int
    summary: Summary
    train: pd.DataFrame
    evals: pd.DataFrame
    path: Path
    metrics_sha256: str

    @property
    def metric(self) -> str:
        """The column of ``evals`` by which runs of this task are compared."""
        return self.summary.metric.name


def read_runs(folder: Path) -> tuple[list[Run], list[Invalid]]:
    """Read ``runs/<model>/<task>/<method>/seed<k>`` below ``folder``: the good ones, and the others with their reasons.

    A process reads a run once and again only when its files have changed, so every table may ask for all of them.
    """
    runs: list[Run] = []
    invalid: list[Invalid] = []
    for path in sorted(folder.glob("runs/*/*/*/seed*")):
        note(path)
        found = _run_or_fault(path, state_of_files(path, FILES))
        if isinstance(found, Run):
            runs.append(found)
        else:
            invalid.append(found)
    against = conflicts(runs)
    invalid += [
        Invalid(run.model, run.task, run.method, run.path, against[run.path]) for run in runs if run.path in against
    ]
    return [run for run in runs if run.path not in against], invalid


@lru_cache(maxsize=10_000)
def _run_or_fault(path: Path, state: tuple[object, ...]) -> Run | Invalid:
    try:
        return _read(path)
    except RecordError as error:
        model, task, method, _ = path.parts[-4:]
        return Invalid(model, task, method, path, str(error))


def _read(path: Path) -> Run:
    if not (path / "summary.json").exists():
        raise RecordError(f"no summary.json: {_why_unfinished(path / 'failure.json')}")
    summary = read_record(path / "summary.json", Summary)
    model, task, method, seed = path.parts[-4:]
    if (summary.model, summary.task, summary.method, f"seed{summary.seed}") != (model, task, method, seed):
        raise RecordError("summary.json names another run than the folder does")
    lines = list(read_metrics(path / "metrics.jsonl"))
    train = pd.DataFrame([line.columns() for line in lines if isinstance(line, TrainLine)])
    evals = pd.DataFrame([line.columns() for line in lines if isinstance(line, EvalLine)])
    finals = [line for line in lines if isinstance(line, FinalLine)]
    check_steps(train, evals, summary.steps)
    check_final(summary, evals, finals)
    check_totals(summary, train)
    check_configuration(path / "config.yaml", summary)
    digest = hashlib.sha256((path / "metrics.jsonl").read_bytes()).hexdigest()
    return Run(model, task, method, summary.seed, summary, train, evals, path, digest)


def _why_unfinished(failure: Path) -> str:
    if not failure.exists():
        return "the run has not finished"
    return f"the run failed: {read_record(failure, Failure).reason}"
