"""Every run of one scale on a line: what it reached, beside what takes no training, and what it took."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.rows import Row
from suite.analysis.runs import run_rows
from suite.records.evidence import read_evidence
from suite.tables.formatting import data_note, main, number, scaled, table_files, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "Every run on a line: its quality beside that of a model that learns nothing but frequencies, and what it took."
)

RUNS = (
    "model task method seed steps metric value baseline baseline_value other_metrics examples_per_second "
    "mean_step_seconds peak_memory_bytes data"
).split()


def runs_sheet(rows: Sequence[Row], scale: str) -> Sheet:
    header = (
        "model task method seed steps metric value baseline_value baseline others examples_per_s step_ms peak_MiB"
    ).split()
    cells = [
        [
            *(number(row.get(name), "d") for name in ("model", "task", "method", "seed", "steps", "metric")),
            number(row["value"], ".4g"),
            number(row.get("baseline_value"), ".4g"),
            *(number(row.get(name)) for name in ("baseline", "other_metrics")),
            number(row.get("examples_per_second"), ",.0f"),
            number(scaled(row, "mean_step_seconds", 1e3), ",.0f"),
            number(scaled(row, "peak_memory_bytes", 2**-20), ",.0f"),
        ]
        for row in rows
    ]
    notes = [
        "Value: the held-out metric after the last step, with the method on; baseline: that of a model that learns "
        "nothing but frequencies. Examples per second over all ranks, in training steps, while nothing else was meant "
        "to run; step times of methods are compared in `speedup.md`, not here. Peak: resident memory of the largest "
        "rank, libraries included.",
        data_note(rows),
    ]
    return Sheet(f"Runs, scale {scale}", header, cells, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/runs.{csv,md,tex}`` below ``folder``."""
    evidence = read_evidence(folder)
    rows = run_rows(evidence.runs, evidence.invalid_runs)
    return write_tables(folder, table_files("runs", rows, RUNS, CAPTION, runs_sheet(rows, scale)))


if __name__ == "__main__":
    main(build)
