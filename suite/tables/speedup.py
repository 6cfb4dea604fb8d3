"""The table of step times of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.rows import Row
from suite.analysis.speedup import speedup_rows
from suite.records.evidence import read_evidence
from suite.tables.formatting import (
    data_note,
    fault_notes,
    main,
    number,
    scaled,
    table_files,
    with_interval,
    write_tables,
)
from suite.tables.sheet import Sheet

CAPTION = (
    "Paired step times of every method on every link, with the parts of a step and the bytes behind them. A speed-up "
    "counts where its interval lies above 1."
)
SPEEDUP = (
    "model task method cluster kappa share rate bytes_per_step speedup speedup_low speedup_high predicted_speedup "
    "bound_reached relative_bytes remote_bytes_per_step inter_server_bytes_per_step kernel_bytes_ratio target_share "
    "servers all_to_alls link_alpha_seconds link_beta_seconds_per_byte step_seconds all_to_all_seconds experts_seconds "
    "reduction_seconds rest_seconds weights data"
).split()


def speedup_sheet(rows: Sequence[Row], scale: str, faults: Sequence[str] = ()) -> Sheet:
    header = (
        "model task method cluster kappa speedup bound of_bound rate MB_per_step relative_bytes step_ms all_to_all_ms "
        "experts_ms reduction_ms rest_ms"
    ).split()
    cells = [
        [
            *(str(row.get(name) or "–") for name in ("model", "task", "method", "cluster")),
            number(row.get("kappa"), ".3f"),
            with_interval(row, "speedup", ".3f"),
            number(row.get("predicted_speedup"), ".3f"),
            number(row.get("bound_reached"), ".0%"),
            number(row.get("rate"), ".1%"),
            number(scaled(row, "bytes_per_step", 1e-6), ".2f"),
            number(row.get("relative_bytes"), ".1%"),
            *(
                number(scaled(row, f"{part}_seconds", 1e3), ".1f")
                for part in ("step", "all_to_all", "experts", "reduction", "rest")
            ),
        ]
        for row in rows
    ]
    notes = [
        "Speed-up: vanilla's step time over the method's (forward, backward, optimizer), median over pairs of "
        "neighbouring blocks in one process group, with a 95 % bootstrap interval. Kappa: vanilla's all-to-all time "
        "over the rest of its step. Bound: 1 / (1 − f(1−ρ) + h) from vanilla's all-to-all share f, the method's bytes "
        "ratio ρ and reduction time h; experts that see fewer rows come on top of it, so that a method can exceed it. "
        "Of bound: speed-up over bound. Parts of the step are medians over blocks. What the calibrated cost model "
        "predicts is in `prediction.md`.",
        *_network_notes(rows),
        data_note(rows),
        *faults,
    ]
    return Sheet(f"Step time, scale {scale}", header, cells, notes)


def _network_notes(rows: Sequence[Row]) -> list[str]:
    """What the rows' clusters are, as far as they occur."""
    vanilla = [row for row in rows if row.get("method") == "vanilla"]
    notes = []
    if any(row["target_share"] is not None for row in vanilla):
        notes.append(
            "`lab_30` and the like: servers are network namespaces, and the link between them is slowed down until "
            "all-to-all takes that many percent of vanilla's step (reached: kappa); `lab_open`: the same link, open. A "
            "`paced` link is not real: all-to-alls sleep."
        )
    if any(row["cluster"] == "loopback" for row in vanilla):
        notes.append(
            "`loopback`: processes of one machine; no slow network is involved, so fewer bytes save next to nothing."
        )
    counted = [float(row["kernel_bytes_ratio"]) for row in rows if row.get("kernel_bytes_ratio") is not None]
    if counted:
        notes.append(
            "Bytes between servers by the kernel's counters, headers taken off, over those by the bench's meter: "
            f"{min(counted):.3f} to {max(counted):.3f}."
        )
    weights = sorted({f"{row['model']} on {row['task']}: {row['weights']}" for row in vanilla})
    return [*notes, f"Weights: {'; '.join(weights) or 'unknown'}."]


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/speedup.{csv,md,tex}`` below ``folder`` and report measurements at fault on stderr."""
    evidence = read_evidence(folder)
    faults = fault_notes(evidence.invalid_speeds, folder)
    rows = speedup_rows(evidence)
    sheet = speedup_sheet(rows, scale, faults)
    return write_tables(folder, table_files("speedup", rows, SPEEDUP, CAPTION, sheet))


if __name__ == "__main__":
    main(build)
