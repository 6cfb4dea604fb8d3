"""Rows of the table of runs, from their records."""

from collections.abc import Sequence

from suite.analysis.order import in_order
from suite.analysis.rows import INVALID, Row, data_name
from suite.records.evidence import Invalid, Run


def run_rows(runs: Sequence[Run], faults: Sequence[Invalid] = ()) -> list[Row]:
    """One row per run, vanilla first; a run at fault says so in ``value`` and gives nothing else."""
    rows = [_row(run) for run in runs] + [
        {"model": record.model, "task": record.task, "method": record.method, "seed": _seed(record), "value": INVALID}
        for record in faults
    ]
    order = {method: place for place, method in enumerate(in_order(str(row["method"]) for row in rows))}
    return sorted(rows, key=lambda row: (row["model"], row["task"], order[str(row["method"])], row["seed"]))


def _seed(record: Invalid) -> int:
    number = record.path.name.removeprefix("seed")
    return int(number) if number.isdigit() else -1


def _row(run: Run) -> Row:
    summary = run.summary
    others = [
        f"{name} {value:.4g}"
        for name, value in summary.final.items()
        if name != run.metric and not name.startswith("exact_")
    ]
    return {
        "model": run.model,
        "task": run.task,
        "method": run.method,
        "seed": run.seed,
        "steps": summary.steps,
        "metric": run.metric,
        "value": summary.final[run.metric],
        "baseline": summary.baseline.name,
        "baseline_value": summary.baseline.quality[run.metric],
        "other_metrics": ", ".join(others),
        "examples_per_second": summary.examples_per_second,
        "mean_step_seconds": summary.mean_step_seconds,
        "peak_memory_bytes": summary.peak_memory_bytes,
        "data": data_name(summary.data),
    }
