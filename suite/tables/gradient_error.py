"""Errors of every method against exact dispatch, from the records of probes alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.gradient_error import GradientErrorRow, error_rows, with_faults
from suite.analysis.rows import AtFault, data_name, sound
from suite.records.probes import read_probes
from suite.tables.formatting import fault_notes
from suite.tables.sheet import Sheet
from suite.tables.table import Table

CAPTION = (
    "How far each method's outputs and gradients lie from those of exact dispatch, with the same weights on the same "
    "held-out batches. An error of 1 is as long as the exact gradient itself."
)
TABLE = Table(
    "gradient_error",
    GradientErrorRow,
    "one row per probed model, task, method and quantity",
    CAPTION,
    printed=(
        "model task method quantity relative_error cosine seed_sd rate relative_bytes equal_bytes loss_excess"
    ).split(),
    about="`lshmoe-bench measure errors model=gpt_moe task=text_lm scale=nano` loads vanilla's last weights and runs "
    "every method forward and backward on a few held-out batches, beside exact dispatch of the same weights; nothing "
    "is trained.",
)


def gradient_error_sheet(
    rows: Sequence[GradientErrorRow | AtFault], data: Sequence[str], faults: Sequence[str] = ()
) -> Sheet:
    weights = sorted({f"{row.model} on {row.task}: {row.weights}" for row in sound(rows)})
    notes = [
        "Relative error ‖a − e‖ / ‖e‖ and cosine of a method's a with the exact e. Layer: output of the first MoE "
        "layer, whose input no method has touched; output: logits, centred over classes; dense and expert gradient: "
        "of the task's loss by all replicated and by all experts' parameters. Mean and, in brackets, the least and "
        "the largest over batches and hash seeds; seed_sd: standard deviation over hash seeds of the mean over "
        "batches, – for methods that draw nothing. Loss excess: mean loss less that of exact dispatch, in nats.",
        f"Weights: {'; '.join(weights) or 'unknown'}. Batches are held out. Data: {'; '.join(data) or 'unknown'}.",
        *faults,
    ]
    return TABLE.sheet("Errors against exact dispatch", rows, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/gradient_error.{csv,md,tex}`` below ``folder`` and report probes at fault on stderr."""
    probes, invalid = read_probes(folder)
    faults = fault_notes(invalid, folder)
    rows = with_faults(error_rows(probes), invalid)
    data = sorted({data_name(probe.record.data) for probe in probes})
    sheet = gradient_error_sheet(rows, data, faults)
    return TABLE.write(folder, rows, sheet)
