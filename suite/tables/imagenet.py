"""The paper's Table 3 beside corresponding runs of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.paper_tables import imagenet_rows
from suite.analysis.rows import Row
from suite.config.paper.published import Published, published
from suite.records.evidence import read_evidence
from suite.tables.formatting import data_note, number, table_files, with_interval, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "The paper's Table 3: image classification without and with LSH-MoE, beside runs of this scale. Other data under "
    "their own name stand in for ImageNet-1K: compare differences and ratios, never the accuracies."
)
IMAGENET = (
    "model task stand_in method paper_top1 paper_top5 paper_rate paper_samples_per_second paper_speedup "
    "seed_count top1 "
    "top1_low top1_high top5 top5_low top5_high rate samples_per_second speedup speedup_low speedup_high "
    "measured_on data"
).split()
PAIRS = ("top1", "top5", "rate", "samples_per_second", "speedup")


def imagenet_sheet(rows: Sequence[Row], numbers: Published, scale: str) -> Sheet:
    header = [
        *"model task stand_in method".split(),
        *(name for pair in PAIRS for name in (f"paper_{pair}", pair)),
        "measured_on",
    ]
    forms = {"top1": ".1f", "top5": ".1f", "rate": ".1f", "samples_per_second": ".1f", "speedup": ".2f"}
    cells = [
        [
            numbers.models[str(row["model"])].title,
            *(str(row.get(name) or "–") for name in ("task", "stand_in", "method")),
            *(
                cell
                for name, form in forms.items()
                for cell in (number(row.get(f"paper_{name}"), form), with_interval(row, name, form))
            ),
            str(row.get("measured_on") or "–"),
        ]
        for row in rows
    ]
    notes = [
        "Top-1, top-5 and rate in percent. Samples per second: examples of a step over the paired step time on "
        "the link "
        "that is named; on this machine they say nothing about GPUs, their ratio is the speed-up. Several seeds: 95 % "
        "intervals, Student's t; speed-ups: 95 % bootstrap. – where nothing corresponds at this scale.",
        data_note(rows),
    ]
    return Sheet(f"Image classification: the paper's Table 3, scale {scale}", header, cells, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/imagenet.{csv,md,tex}`` below ``folder``."""
    rows = imagenet_rows(read_evidence(folder), published())
    sheet = imagenet_sheet(rows, published(), scale)
    return write_tables(folder, table_files("imagenet", rows, IMAGENET, CAPTION, sheet))
