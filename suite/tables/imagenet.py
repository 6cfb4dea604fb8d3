"""The paper's Table 3 beside corresponding runs of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.imagenet import ImagenetRow, imagenet_rows
from suite.config.paper.published import published
from suite.records.evidence import read_evidence
from suite.tables.formatting import data_note
from suite.tables.sheet import Sheet
from suite.tables.table import Printed, Table

CAPTION = (
    "The paper's Table 3: image classification without and with LSH-MoE, beside runs of this scale. Other data under "
    "their own name stand in for ImageNet-1K: compare differences and ratios, never the accuracies."
)
PAIRS = ("top1", "top5", "rate", "samples_per_second", "speedup")


def _model(row: ImagenetRow) -> str:
    return published().models[row.model].title


TABLE = Table(
    "imagenet",
    ImagenetRow,
    "one row per method on a task that measures the paper's Table 3 or stands in for it",
    CAPTION,
    printed=(
        Printed("model", _model, words=True),
        *("task", "stand_in", "method"),
        *(name for pair in PAIRS for name in (f"paper_{pair}", pair)),
        "measured_on",
    ),
)


def imagenet_sheet(rows: Sequence[ImagenetRow], scale: str) -> Sheet:
    notes = [
        "Top-1, top-5 and rate in percent. Samples per second: examples of a step over the paired step time on "
        "the link "
        "that is named; on this machine they say nothing about GPUs, their ratio is the speed-up. Several seeds: 95 % "
        "intervals, Student's t, as those of speed-ups. – where nothing corresponds at this scale.",
        data_note(row.data for row in rows),
    ]
    return TABLE.sheet(f"Image classification: the paper's Table 3, scale {scale}", rows, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/imagenet.{csv,md,tex}`` below ``folder``."""
    rows = imagenet_rows(read_evidence(folder), published())
    return TABLE.write(folder, rows, imagenet_sheet(rows, scale))
