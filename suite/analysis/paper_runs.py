"""What the paper's Tables 2 and 3 need of the runs that correspond to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from suite.analysis.convergence import own_link
from suite.analysis.estimate import Estimate
from suite.analysis.rows import sound
from suite.analysis.speedup import SpeedupRow, speedup_rows
from suite.analysis.statistics import over_seeds
from suite.config.paper.published import Published, Quality
from suite.config.reference import wire_label
from suite.records.evidence import Evidence, Run

# Methods that the paper's tables have.
METHODS = ("vanilla", "lsh")


def tasks_of(evidence: Evidence, quality: Quality, numbers: Published) -> list[str]:
    """Tasks that were run with the model for a printed row, those that measure it first."""
    records = {(run.model, run.task) for run in evidence.runs} | {
        (each.model, each.task) for each in evidence.invalid_runs
    }
    fitting = [task for task, meant in numbers.tasks.items() if meant.row == quality.task]
    return [task for task in fitting if (quality.model, task) in records]


def runs_of(evidence: Evidence, model: str, task: str, method: str) -> list[Run]:
    """All seeds of a method."""
    return [run for run in evidence.runs if (run.model, run.task, run.method) == (model, task, method)]


def final_percent(runs: Sequence[Run], metric: str) -> dict[int, float]:
    """Final percentages by seed, of runs that have the metric."""
    return {run.seed: 100 * run.summary.final[metric] for run in runs if metric in run.summary.final}


def mean(values: Sequence[float]) -> Estimate | None:
    """Mean over seeds; None without any."""
    return over_seeds(values) if values else None


def rate_percent(runs: Sequence[Run]) -> float | None:
    """Rows sent over rows routed, mean over seeds."""
    rates = [100 * run.summary.rate for run in runs if run.summary.rate is not None]
    return over_seeds(rates).value if rates else None


@dataclass(frozen=True)
class Timed:
    """A paired measurement of step times.

    Attributes:
        speedup: over the reference.
        reference: its name, and its wire if that is float32.
        measured_on: task and link.
        samples_per_second: examples of a step over its time; None where no run says how many a step has.
    """

    speedup: Estimate
    reference: str
    measured_on: str
    samples_per_second: float | None


def timed(evidence: Evidence, model: str, task: str, method: str) -> Timed | None:
    """The paired speed-up on the link that resembles the model's cluster, measured on this task or else on another."""
    tasks = sorted(
        {speed.task for speed in evidence.speeds if speed.model == model}, key=lambda name: (name != task, name)
    )
    for name in tasks:
        link = own_link(evidence, model, name)
        place = (model, name, link.cluster if link else "", method)
        rows = {(row.model, row.task, row.cluster, row.method): row for row in sound(speedup_rows(evidence))}
        if row := rows.get(place):
            reference = rows[*place[:3], row.reference]
            label = wire_label(reference.method, reference.relative_bytes)
            return Timed(row.speedup, label, f"{name}, {row.cluster}", _samples_per_second(evidence, row))
    return None


def _samples_per_second(evidence: Evidence, row: SpeedupRow) -> float | None:
    """At a row's step time; the number of examples in a step is that of the task's runs."""
    runs = runs_of(evidence, row.model, row.task, "vanilla")
    summary = runs[0].summary if runs else None
    if summary is None or not summary.mean_step_seconds or summary.examples_per_second is None:
        return None
    return round(summary.examples_per_second * summary.mean_step_seconds) / row.step_seconds
