"""Where the spread between seeds comes from, of one scale, from the trials of the study ``variance``."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.rows import Row
from suite.analysis.variance import TRIALS, read_trials, variance_rows
from suite.tables.formatting import main, number, table_files, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "Variance of quality and of the rate, split into initial weights, order of data and hash draw, by runs over all "
    "combinations of the three seeds. A difference between methods below the deviation of these is no difference."
)
VARIANCE = "task quantity source levels degrees_of_freedom share p component deviation trials mean".split()


def variance_sheet(rows: Sequence[Row], scale: str, why_empty: str) -> Sheet:
    header = "task quantity source levels share p deviation mean trials".split()
    cells = [
        [
            *(number(row[name]) for name in ("task", "quantity", "source")),
            number(row["levels"]),
            number(row["share"], ".1%"),
            number(row["p"], ".2g"),
            number(row["deviation"], ".3g"),
            number(row["mean"], ".4g"),
            number(row["trials"]),
        ]
        for row in rows
    ]
    note = (
        "Share: of the sum of squares around the mean; p: F test against the residual, which holds the interactions. "
        "Deviation: square root of the variance component, in the quantity's unit."
    )
    return Sheet(f"Variance between seeds, scale {scale}", header, cells, [why_empty or note])


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/variance.{csv,md,tex}`` below ``folder``; without a study they say so."""
    trials, why_empty = read_trials(folder)
    rows: list[Row] = []
    if trials is not None:
        try:
            rows = variance_rows(trials)
        except ValueError as error:
            why_empty = f"Invalid record `{TRIALS}`: {error}."
    sheet = variance_sheet(rows, scale, why_empty)
    return write_tables(folder, table_files("variance", rows, VARIANCE, CAPTION, sheet))


if __name__ == "__main__":
    main(build)
