"""The paper's Table 2 beside corresponding runs of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.glue import GlueRow, glue_rows
from suite.config.paper.published import published
from suite.records.evidence import read_evidence
from suite.tables.formatting import data_note
from suite.tables.sheet import Sheet
from suite.tables.table import Printed, Table

CAPTION = (
    "The paper's Table 2: accuracy without and with LSH-MoE, and speed-up, beside runs of this scale. Tasks under "
    "their own names stand in for the printed one with other data: compare differences, never the accuracies."
)


def _model(row: GlueRow) -> str:
    return published().models[row.model].title


def _paper(row: GlueRow) -> str:
    return f"{row.paper_vanilla} → {row.paper_lsh}"


TABLE = Table(
    "glue",
    GlueRow,
    "one row per accuracy in the paper's Table 2 and task that measures it or stands in for it",
    CAPTION,
    printed=(
        Printed("model", _model, words=True),
        "paper_task",
        Printed("paper", _paper),
        *"paper_speedup task stand_in vanilla lsh lsh_exact difference rate speedup measured_on".split(),
    ),
)


def glue_sheet(rows: Sequence[GlueRow], scale: str) -> Sheet:
    seeds = max((row.seed_count or 0 for row in rows), default=0)
    notes = [
        "Accuracies, their difference and rates in percent; LSH exact: its weights evaluated with exact dispatch. "
        "Paper: origin → LSH-MoE as printed, one run each, no interval. T5-MoE answers zero-shot. Speed-up: paired "
        "step times on the link that resembles the model's cluster, where the fine-tuning itself was not timed on the "
        "task named; – where nothing corresponds at this scale.",
        "Intervals: 95 %, Student's t over seeds, differences paired by seed."
        if seeds > 1
        else "One seed each: there is no interval, and small differences mean nothing yet.",
        data_note(row.data for row in rows),
    ]
    return TABLE.sheet(f"Accuracy and speed-up: the paper's Table 2, scale {scale}", rows, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/glue.{csv,md,tex}`` below ``folder``."""
    rows = glue_rows(read_evidence(folder), published())
    return TABLE.write(folder, rows, glue_sheet(rows, scale))
