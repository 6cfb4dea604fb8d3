"""The table of step times of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.rows import AtFault, sound
from suite.analysis.speedup import SpeedupRow, speedup_rows
from suite.records.evidence import read_evidence
from suite.tables.formatting import (
    data_note,
    fault_notes,
)
from suite.tables.sheet import Sheet
from suite.tables.table import Table

CAPTION = (
    "Paired step times of every method on every link, with the parts of a step and the bytes behind them. A speed-up "
    "counts where its interval lies above 1."
)
TABLE = Table(
    "speedup",
    SpeedupRow,
    "one row per model, task, cluster and method",
    CAPTION,
    printed=(
        "model task method cluster kappa speedup bound bound_reached rate bytes_per_step relative_bytes step_seconds "
        "all_to_all_seconds experts_seconds reduction_seconds rest_seconds"
    ).split(),
    about="One process group holds one model per method, all with the weights named in `weights`. Methods take turns "
    "in short blocks, every method once per round, in an order shuffled anew each round. A step is forward, backward "
    "and optimizer on a real batch; the learning rate is zero, so that weights, and with them the rate, stay what they "
    "are.",
)


def speedup_sheet(rows: Sequence[SpeedupRow | AtFault], scale: str, faults: Sequence[str] = ()) -> Sheet:
    measured = sound(rows)
    notes = [
        "Speed-up: vanilla's step time over the method's (forward, backward, optimizer), geometric mean over pairs of "
        "neighbouring blocks in one process group, at the share that the link was set for; 95 % interval over "
        "sessions, or over the rounds of a single one, which lacks what another session would have drawn. Kappa: "
        "vanilla's all-to-all time over the rest of its step. Bound: 1 / (1 − f(1−ρ) + h) from vanilla's all-to-all "
        "share f, the method's bytes "
        "ratio ρ and reduction time h; experts that see fewer rows come on top of it, so that a method can exceed it. "
        "Of bound: speed-up over bound. Parts of the step are medians over blocks. What the calibrated cost model "
        "predicts is in `prediction.md`.",
        *_network_notes(measured),
        data_note(row.data for row in measured),
        *faults,
    ]
    return TABLE.sheet(f"Step time, scale {scale}", rows, notes)


def _network_notes(rows: Sequence[SpeedupRow]) -> list[str]:
    """What the rows' clusters are, as far as they occur."""
    vanilla = [row for row in rows if row.method == "vanilla"]
    notes = []
    if any(row.target_share is not None for row in vanilla):
        notes.append(
            "`lab_30` and the like: servers are network namespaces, and the link between them is slowed down until "
            "all-to-all takes that many percent of vanilla's step (reached: kappa); `lab_open`: the same link, open. A "
            "`paced` link is not real: all-to-alls sleep."
        )
    if any(row.cluster == "loopback" for row in vanilla):
        notes.append(
            "`loopback`: processes of one machine; no slow network is involved, so fewer bytes save next to nothing."
        )
    counted = [row.kernel_bytes_ratio for row in rows if row.kernel_bytes_ratio is not None]
    if counted:
        notes.append(
            "Bytes between servers by the kernel's counters, headers taken off, over those by the bench's meter: "
            f"{min(counted):.3f} to {max(counted):.3f}."
        )
    weights = sorted({f"{row.model} on {row.task}: {row.weights}" for row in vanilla})
    return [*notes, f"Weights: {'; '.join(weights) or 'unknown'}."]


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/speedup.{csv,md,tex}`` below ``folder`` and report measurements at fault on stderr."""
    evidence = read_evidence(folder)
    faults = fault_notes(evidence.invalid_speeds, folder)
    rows = speedup_rows(evidence)
    sheet = speedup_sheet(rows, scale, faults)
    return TABLE.write(folder, rows, sheet)
