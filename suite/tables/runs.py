"""Every run of one scale on a line: what it reached, beside what takes no training, and what it took."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.rows import AtFault, sound
from suite.analysis.runs import RunRow, run_rows
from suite.records.evidence import read_evidence
from suite.tables.formatting import data_note
from suite.tables.sheet import Sheet
from suite.tables.table import Table

CAPTION = (
    "Every run on a line: its quality beside that of a model that learns nothing but frequencies, and what it took."
)
TABLE = Table(
    "runs",
    RunRow,
    "one row per run",
    CAPTION,
    printed=(
        "model task method seed steps metric value exact_value held_out_examples baseline_value baseline other_metrics "
        "examples_per_second mean_step_seconds peak_memory_bytes"
    ).split(),
)


def runs_sheet(rows: Sequence[RunRow | AtFault], scale: str) -> Sheet:
    notes = [
        "Value: the held-out metric after the last step, with the method on; exact value: of the same weights with "
        "exact dispatch; baseline: that of a model that learns nothing but frequencies. Examples per second over all "
        "ranks, in training steps, while nothing else was meant to run; step times of methods are compared in "
        "`speedup.md`, not here. Peak: resident memory of the largest rank, libraries included.",
        data_note(row.data for row in sound(rows)),
    ]
    return TABLE.sheet(f"Runs, scale {scale}", rows, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/runs.{csv,md,tex}`` below ``folder``."""
    evidence = read_evidence(folder)
    rows = run_rows(evidence.runs, evidence.invalid_runs)
    return TABLE.write(folder, rows, runs_sheet(rows, scale))
