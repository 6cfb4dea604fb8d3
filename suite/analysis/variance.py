"""How much of the spread of a result is due to initial weights, to the order of data and to the hash's draw.

A study trains one setting over every combination of three seeds. Main effects take their sums of squares, what is left,
their interactions included, is the residual. A component is what the expected mean squares of a crossed random-effects
design give: ``(MS_factor − MS_residual) / runs per level``, not below 0.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from suite.analysis.columns import column, table_row
from suite.records.opened import note

FACTORS = {"seeds.model": "initial weights", "seeds.data": "order of data", "seeds.hash": "hash draw"}
RESIDUAL = "residual"
TRIALS = Path("sweeps/variance/trials.csv")
SPLIT = ("quality", "rate")


@dataclass(frozen=True)
class Part:
    """One source of variance.

    Attributes:
        source: one of :data:`FACTORS`' words, or ``residual``.
        levels: seeds tried; None for the residual.
        freedom: degrees of freedom.
        sum_of_squares: share of the total one.
        p: of the F test against the residual; None for the residual and where nothing is left to test against.
        component: the variance component, in the square of the metric's unit.
        deviation: its square root.
    """

    source: str
    levels: int | None
    freedom: float
    sum_of_squares: float
    p: float | None
    component: float

    @property
    def deviation(self) -> float:
        return math.sqrt(self.component)


def split_variance(trials: pd.DataFrame, name: str) -> list[Part]:
    """Split the variance of ``name`` over the three seeds.

    Args:
        trials: one row per run, with the columns of :data:`FACTORS` and ``name``.
        name: a metric.

    Raises:
        ValueError: the seeds are not crossed, each combination once, or fewer than two of them vary.
    """
    varied = [factor for factor in FACTORS if trials[factor].nunique() > 1]
    expected = 1
    for factor in varied:
        expected *= trials[factor].nunique()
    if len(varied) < 2 or len(trials) != expected or trials.duplicated(varied).any():
        raise ValueError(f"{len(trials)} trials, not each combination of at least two seeds once ({expected} of them)")
    squares, freedom, p = _anova(trials, varied, name)
    noise, total = squares["Residual"] / freedom["Residual"], sum(squares.values())
    parts = []
    for number, factor in enumerate(varied):
        source, levels = f"C(f{number})", int(trials[factor].nunique())
        component = max(0.0, (squares[source] / freedom[source] - noise) / (len(trials) / levels))
        share = _share(squares[source], total)
        parts.append(Part(FACTORS[factor], levels, freedom[source], share, p[source], component))
    rest = Part(RESIDUAL, None, freedom["Residual"], _share(squares["Residual"], total), None, noise)
    return [*parts, rest]


def _anova(
    trials: pd.DataFrame, varied: list[str], metric: str
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Sums of squares, degrees of freedom and p values, each by source as statsmodels calls it."""
    import statsmodels.api as sm  # a second, which other tables need not spend
    import statsmodels.formula.api as smf

    renamed = pd.DataFrame({f"f{number}": trials[factor] for number, factor in enumerate(varied)})
    renamed["y"] = trials[metric].astype(float)
    formula = "y ~ " + " + ".join(f"C(f{number})" for number in range(len(varied)))
    table: pd.DataFrame = sm.stats.anova_lm(smf.ols(formula, renamed).fit(), typ=2)
    squares, freedom, p = (
        dict(zip(table.index, table[name].tolist(), strict=True)) for name in ("sum_sq", "df", "PR(>F)")
    )
    return squares, freedom, p


def _share(part: float, total: float) -> float:
    return float(part / total) if total else 0.0


@table_row
class VarianceRow:
    """One source of the spread of a quantity."""

    task: str = column("name of a file under `suite/conf/task`", words=True)
    quantity: str = column("the metric, or `rate`", words=True)
    source: str = column("`initial weights`, `order of data`, `hash draw`; `residual` holds their interactions")
    levels: int | None = column("seeds tried")
    degrees_of_freedom: float = column("of the source")
    share: float = column("of the sum of squares around the mean", "fraction", form=".1%")
    p: float | None = column("of the F test against the residual", form=".2g")
    component: float = column("variance component of a crossed random-effects design, not below 0", "quantity²")
    deviation: float = column("square root of `component`", "quantity")
    trials: int = column("number of runs")
    mean: float = column("over all runs", "quantity", form=".4g")


def variance_rows(trials: pd.DataFrame) -> list[VarianceRow]:
    """One row per task, quantity and source.

    Raises:
        ValueError: the seeds are not crossed.
    """
    rows = []
    tasks = trials.groupby("task") if "task" in trials else [("", trials)]
    for task, group in tasks:
        for quantity in [name for name in SPLIT if name in group and group[name].notna().all()]:
            for part in split_variance(group, quantity):
                rows.append(
                    VarianceRow(
                        task=str(task),
                        quantity=str(group["metric"].iloc[0]) if quantity == "quality" else quantity,
                        source=part.source,
                        levels=part.levels,
                        degrees_of_freedom=part.freedom,
                        share=part.sum_of_squares,
                        p=part.p,
                        component=part.component,
                        deviation=part.deviation,
                        trials=len(group),
                        mean=float(group[quantity].mean()),
                    )
                )
    return rows


def read_trials(folder: Path) -> tuple[pd.DataFrame | None, str]:
    """Finished trials of the study, or None and why there are none."""
    path = folder / TRIALS
    if not path.exists():
        return None, f"No trials: the study `variance` has not run at this scale (`{TRIALS}`)."
    note(path)
    try:
        trials = pd.read_csv(path)
        finished = trials[trials["state"].str.lower() == "complete"].dropna(axis=1, how="all")
    except (KeyError, ValueError) as error:
        return None, f"Invalid record `{TRIALS}`: {str(error).splitlines()[0]}."
    missing = [name for name in (*FACTORS, "metric", "quality") if name not in finished]
    if missing:
        return None, f"Invalid record `{TRIALS}`: it lacks {', '.join(missing)}, or no trial has finished."
    return finished, ""
