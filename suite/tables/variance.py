"""Where the spread between seeds comes from, of one scale, from the trials of the study ``variance``."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from suite.rows import Row
from suite.tables.formatting import main, number, table_files, write_tables
from suite.tables.sheet import Sheet
from suite.variance import FACTORS, split_variance

CAPTION = (
    "Variance of quality and of the rate, split into initial weights, order of data and hash draw, by runs over all "
    "combinations of the three seeds. A difference between methods below the deviation of these is no difference."
)
READS: tuple[str, ...] = ("sweeps/variance",)  # of the records
VARIANCE = "task quantity source levels degrees_of_freedom share p component deviation trials mean".split()
TRIALS = Path("sweeps/variance/trials.csv")
QUANTITIES = ("quality", "rate")


def variance_rows(trials: pd.DataFrame) -> list[Row]:
    """One row per task, quantity and source.

    Raises:
        ValueError: the seeds are not crossed.
    """
    rows: list[Row] = []
    tasks = trials.groupby("task") if "task" in trials else [("", trials)]
    for task, group in tasks:
        for quantity in [name for name in QUANTITIES if name in group and group[name].notna().all()]:
            for part in split_variance(group, quantity):
                rows.append(
                    {
                        "task": str(task),
                        "quantity": str(group["metric"].iloc[0]) if quantity == "quality" else quantity,
                        "source": part.source,
                        "levels": part.levels,
                        "degrees_of_freedom": part.freedom,
                        "share": part.sum_of_squares,
                        "p": part.p,
                        "component": part.component,
                        "deviation": part.deviation,
                        "trials": len(group),
                        "mean": float(group[quantity].mean()),
                    }
                )
    return rows


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


def read_trials(folder: Path) -> tuple[pd.DataFrame | None, str]:
    """Finished trials of the study, or None and why there are none."""
    path = folder / TRIALS
    if not path.exists():
        return None, f"No trials: the study `variance` has not run at this scale (`{TRIALS}`)."
    try:
        trials = pd.read_csv(path)
        finished = trials[trials["state"].str.lower() == "complete"].dropna(axis=1, how="all")
    except (KeyError, ValueError) as error:
        return None, f"Invalid record `{TRIALS}`: {str(error).splitlines()[0]}."
    missing = [name for name in (*FACTORS, "metric", "quality") if name not in finished]
    if missing:
        return None, f"Invalid record `{TRIALS}`: it lacks {', '.join(missing)}, or no trial has finished."
    return finished, ""


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
