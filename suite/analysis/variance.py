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
from suite.analysis.statistics import CONFIDENCE, holm
from suite.records.opened import note
from suite.records.reading import RecordError, read_record
from suite.records.schema.summary import Summary

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
        chance: the share that pure noise would have: degrees of freedom over those of all sources.
        p: of the F test against the residual; None for the residual and where nothing is left to test against.
        component: the variance component, in the square of the metric's unit.
        deviation: its square root.
    """

    source: str
    levels: int | None
    freedom: float
    sum_of_squares: float
    chance: float
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
    all_freedom = sum(freedom.values())
    parts = []
    for number, factor in enumerate(varied):
        source, levels = f"C(f{number})", int(trials[factor].nunique())
        component = max(0.0, (squares[source] / freedom[source] - noise) / (len(trials) / levels))
        share = _share(squares[source], total)
        chance = freedom[source] / all_freedom
        parts.append(Part(FACTORS[factor], levels, freedom[source], share, chance, p[source], component))
    chance = freedom["Residual"] / all_freedom
    rest = Part(RESIDUAL, None, freedom["Residual"], _share(squares["Residual"], total), chance, None, noise)
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
    chance: float = column("the `share` that pure noise would have, by degrees of freedom", "fraction", form=".1%")
    finding: str = column(
        "`above chance`: p below 0.05, corrected for the number of sources by Holm's method; `not above chance`; "
        "`residual`; or why the quantity says nothing",
        words=True,
    )


def variance_rows(trials: pd.DataFrame) -> list[VarianceRow]:
    """One row per task, quantity and source.

    Raises:
        ValueError: the seeds are not crossed.
    """
    rows = []
    tasks = trials.groupby("task") if "task" in trials else [("", trials)]
    for task, group in tasks:
        for quantity in [name for name in SPLIT if name in group and group[name].notna().all()]:
            parts = split_variance(group, quantity)
            findings = _findings(parts, _below_baseline(group) if quantity == "quality" else "")
            for part, finding in zip(parts, findings, strict=True):
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
                        chance=part.chance,
                        finding=finding,
                    )
                )
    return rows


def _findings(parts: list[Part], says_nothing: str) -> list[str]:
    tested = [part.p for part in parts if part.p is not None and not math.isnan(part.p)]
    corrected = dict(zip(tested, holm(tested), strict=True))
    words = []
    for part in parts:
        if part.source == RESIDUAL:
            words.append(RESIDUAL)
        else:
            above = part.p is not None and corrected.get(part.p, 1.0) < 1 - CONFIDENCE
            words.append(says_nothing or ("above chance" if above else "not above chance"))
    return words


def _below_baseline(group: pd.DataFrame) -> str:
    """Why the quality says nothing: no run beats what knows frequencies alone. Empty where trials do not say that."""
    if "baseline" not in group or group["baseline"].isna().any():
        return ""
    sign = -1 if (group["metric"] == "perplexity").all() else 1  # all other metrics rise
    beaten = sign * group["quality"] > sign * group["baseline"]
    return "" if beaten.any() else "says nothing: no run beats the baseline of frequencies"


def _baselines(folder: Path, trials: pd.DataFrame) -> pd.Series:
    """By trial, the metric of its task's trivial model; nothing where the trial's run is not here."""
    found: list[float | None] = []
    for path, metric in zip(trials.get("path", [""] * len(trials)), trials["metric"], strict=True):
        try:
            summary = read_record(folder / str(path) / "summary.json", Summary)
            found.append(summary.baseline.quality.get(str(metric)))
        except RecordError:
            found.append(None)
    return pd.Series(found, trials.index, dtype=float)


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
    return finished.assign(baseline=_baselines(folder, finished)), ""
