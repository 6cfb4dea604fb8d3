"""The table of runs: what each reached and what it took, from the records of runs."""

from collections.abc import Sequence

from suite.analysis.columns import column, table_row
from suite.analysis.order import in_order
from suite.analysis.rows import AtFault, MethodRow, data_name
from suite.records.evidence import Invalid, Run


@table_row
class RunRow(MethodRow):
    """One run."""

    seed: int = column("root seed", form="d")
    steps: int = column("length of the run", "steps", form="d")
    metric: str = column("what `value` is")
    value: float = column(
        "held-out, after the last step, with the method on", "as metric", form=".4g", tells_fault=True
    )
    exact_value: float = column(
        "the same weights evaluated with exact dispatch (no reduction, plain wire)", "as metric", form=".4g"
    )
    held_out_examples: int | None = column(
        "that `value`, `exact_value` and `baseline_value` were measured on; empty where an older record does not say",
        "examples",
        header="held_out",
        form="d",
    )
    baseline: str = column("a model that learns nothing but frequencies")
    baseline_value: float = column("its metric on the same held-out examples", "as metric", form=".4g")
    other_metrics: str = column("what else the task measures, with the method on", header="others")
    examples_per_second: float | None = column(
        "over all ranks, in training steps", "1/s", header="examples_per_s", form=",.0f", better="higher"
    )
    mean_step_seconds: float | None = column(
        "of rank 0's training steps", "s", header="step_ms", form=",.0f", factor=1e3, better="lower"
    )
    peak_memory_bytes: int | None = column(
        "most resident memory of the largest rank",
        "bytes",
        header="peak_MiB",
        form=",.0f",
        factor=2**-20,
        better="lower",
    )
    data: str = column("data sets used")


def run_rows(runs: Sequence[Run], faults: Sequence[Invalid] = ()) -> list[RunRow | AtFault]:
    """One row per run, vanilla first."""
    at_fault = [AtFault(record.model, record.task, record.method, seed=_seed(record)) for record in faults]
    rows: list[RunRow | AtFault] = [*map(_row, runs), *at_fault]
    order = {method: place for place, method in enumerate(in_order(str(row.method) for row in rows))}
    return sorted(rows, key=lambda row: (row.model, row.task, order[str(row.method)], row.seed or 0))


def _seed(record: Invalid) -> int:
    number = record.path.name.removeprefix("seed")
    return int(number) if number.isdigit() else -1


def _row(run: Run) -> RunRow:
    summary = run.summary
    others = [
        f"{name} {value:.4g}"
        for name, value in summary.final.items()
        if name != run.metric and not name.startswith("exact_")
    ]
    return RunRow(
        model=run.model,
        task=run.task,
        method=run.method,
        seed=run.seed,
        steps=summary.steps,
        metric=run.metric,
        value=summary.final[run.metric],
        exact_value=summary.final[f"exact_{run.metric}"],
        held_out_examples=summary.held_out_examples,
        baseline=summary.baseline.name,
        baseline_value=summary.baseline.quality[run.metric],
        other_metrics=", ".join(others),
        examples_per_second=summary.examples_per_second,
        mean_step_seconds=summary.mean_step_seconds,
        peak_memory_bytes=summary.peak_memory_bytes,
        data=data_name(summary.data),
    )
