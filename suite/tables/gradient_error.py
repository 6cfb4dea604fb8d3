"""Errors of every method against exact dispatch, from the records of probes alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.gradient_error import error_rows
from suite.analysis.rows import INVALID, Row, data_name
from suite.records.probes import read_probes
from suite.tables.formatting import fault_notes, main, number, table_files, with_interval, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "How far each method's outputs and gradients lie from those of exact dispatch, with the same weights on the same "
    "held-out batches. An error of 1 is as long as the exact gradient itself."
)
GRADIENT_ERROR = (
    "model task method quantity relative_error relative_error_low relative_error_high cosine seed_sd hash_seeds "
    "batches rate relative_bytes loss_excess weights"
).split()


def gradient_error_sheet(rows: Sequence[Row], data: Sequence[str], faults: Sequence[str] = ()) -> Sheet:
    header = "model task method quantity relative_error cosine seed_sd rate relative_bytes loss_excess".split()
    cells = [
        [
            *(str(row.get(name) or "–") for name in ("model", "task", "method", "quantity")),
            with_interval(row, "relative_error", ".2%") if row["relative_error"] != INVALID else INVALID,
            number(row.get("cosine"), ".4f"),
            number(row.get("seed_sd"), ".2%"),
            number(row.get("rate"), ".1%"),
            number(row.get("relative_bytes"), ".1%"),
            number(row.get("loss_excess"), "+.4f"),
        ]
        for row in rows
    ]
    weights = sorted({f"{row['model']} on {row['task']}: {row['weights']}" for row in rows if row.get("weights")})
    notes = [
        "Relative error ‖a − e‖ / ‖e‖ and cosine of a method's a with the exact e. Layer: output of the first MoE "
        "layer, whose input no method has touched; output: logits, centred over classes; dense and expert gradient: "
        "of the task's loss by all replicated and by all experts' parameters. Mean and, in brackets, the least and "
        "the largest over batches and hash seeds; seed_sd: standard deviation over hash seeds of the mean over "
        "batches, – for methods that draw nothing. Loss excess: mean loss less that of exact dispatch, in nats.",
        f"Weights: {'; '.join(weights) or 'unknown'}. Batches are held out. Data: {'; '.join(data) or 'unknown'}.",
        *faults,
    ]
    return Sheet("Errors against exact dispatch", header, cells, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/gradient_error.{csv,md,tex}`` below ``folder`` and report probes at fault on stderr."""
    probes, invalid = read_probes(folder)
    faults = fault_notes(invalid, folder)
    rows = error_rows(probes)
    rows += [{"model": fault.model, "task": fault.task, "relative_error": INVALID} for fault in invalid]
    data = sorted({data_name(probe.record.data) for probe in probes})
    sheet = gradient_error_sheet(rows, data, faults)
    return write_tables(folder, table_files("gradient_error", rows, GRADIENT_ERROR, CAPTION, sheet))


if __name__ == "__main__":
    main(build)
