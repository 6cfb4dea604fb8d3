"""Where the spread between seeds comes from, of one scale, from the trials of the study ``variance``."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.variance import TRIALS, VarianceRow, read_trials, variance_rows
from suite.tables.sheet import Sheet
from suite.tables.table import Table

CAPTION = (
    "Variance of quality and of the rate, split into initial weights, order of data and hash draw, by runs over all "
    "combinations of the three seeds. A difference between methods below the deviation of these is no difference."
)
TABLE = Table(
    "variance",
    VarianceRow,
    "one row per task, quantity and source",
    CAPTION,
    printed="task quantity source levels share chance p finding deviation mean trials".split(),
    about="From the trials of the study `variance`, which trains one setting over all combinations of three seeds; "
    "empty without it.",
)


def variance_sheet(rows: Sequence[VarianceRow], scale: str, why_empty: str) -> Sheet:
    note = (
        "Share: of the sum of squares around the mean; chance: what pure noise would have; p: F test against the "
        "residual, which holds the interactions. "
        "Deviation: square root of the variance component, in the quantity's unit."
    )
    return TABLE.sheet(f"Variance between seeds, scale {scale}", rows, [why_empty or note])


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/variance.{csv,md,tex}`` below ``folder``; without a study they say so."""
    trials, why_empty = read_trials(folder)
    rows: list[VarianceRow] = []
    if trials is not None:
        try:
            rows = variance_rows(trials)
        except ValueError as error:
            why_empty = f"Invalid record `{TRIALS}`: {error}."
    sheet = variance_sheet(rows, scale, why_empty)
    return TABLE.write(folder, rows, sheet)
