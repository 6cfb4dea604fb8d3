"""The paper's Table 2 beside corresponding runs of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.paper_tables import glue_rows
from suite.analysis.rows import Row
from suite.config.paper.published import Published, published
from suite.records.evidence import read_evidence
from suite.tables.formatting import data_note, number, table_files, with_interval, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "The paper's Table 2: accuracy without and with LSH-MoE, and speed-up, beside runs of this scale. Tasks under "
    "their own names stand in for the printed one with other data: compare differences, never the accuracies."
)
GLUE = (
    "model paper_task paper_vanilla paper_lsh paper_speedup task stand_in seed_count vanilla vanilla_low "
    "vanilla_high lsh "
    "lsh_low lsh_high difference difference_low difference_high rate speedup speedup_low speedup_high measured_on data"
).split()


def glue_sheet(rows: Sequence[Row], numbers: Published, scale: str) -> Sheet:
    header = "model row paper paper_speedup task stand_in vanilla lsh difference rate speedup measured_on".split()
    cells = [
        [
            numbers.models[str(row["model"])].title,
            str(row["paper_task"]),
            f"{row['paper_vanilla']} → {row['paper_lsh']}",
            number(row["paper_speedup"], ".1f"),
            *(str(row.get(name) or "–") for name in ("task", "stand_in")),
            with_interval(row, "vanilla", ".1f"),
            with_interval(row, "lsh", ".1f"),
            with_interval(row, "difference", "+.1f"),
            number(row.get("rate"), ".1f"),
            with_interval(row, "speedup", ".2f"),
            str(row.get("measured_on") or "–"),
        ]
        for row in rows
    ]
    seeds = max((int(str(row.get("seed_count") or 0)) for row in rows), default=0)
    notes = [
        "Accuracies, their difference and rates in percent. Paper: origin → LSH-MoE as printed, one run each, no "
        "interval. "
        "T5-MoE answers zero-shot. Speed-up: paired step times on the link that resembles the model's cluster, "
        "where the "
        "fine-tuning itself was not timed on the task named; – where nothing corresponds at this scale.",
        "Intervals: 95 %, Student's t over seeds, differences paired by seed."
        if seeds > 1
        else "One seed each: there is no interval, and small differences mean nothing yet.",
        data_note(rows),
    ]
    return Sheet(f"Accuracy and speed-up: the paper's Table 2, scale {scale}", header, cells, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/glue.{csv,md,tex}`` below ``folder``."""
    rows = glue_rows(read_evidence(folder), published())
    return write_tables(folder, table_files("glue", rows, GLUE, CAPTION, glue_sheet(rows, published(), scale)))
