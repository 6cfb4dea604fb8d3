"""A number that should rise, or fall, with a parameter that a study varies."""

from typing import Literal

import pandas as pd
from pydantic import Field
from scipy import stats

from suite.analysis.rows import INVALID
from suite.analysis.statistics import CONFIDENCE
from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.finding import INCONCLUSIVE, NOT_SUPPORTED, SUPPORTED, Finding
from suite.claims.ledger import Claim, Place


class Trend(ClaimTest):
    """Kendall's tau over a study's trials: supported if it has the right sign at 5 %, not supported if the wrong one.

    ``column`` is one of trials.csv; ``quality`` counts so that larger is better.
    """

    study: str
    parameter: str
    column: str
    direction: Literal["rises", "falls"] = "rises"
    where: dict[str, str | int | float | bool] = Field(default_factory=dict)

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        evidence = [bench.trials_path(self.study)]
        try:
            trials = chosen(bench.trials(self.study), self.where)
            if place is not None and "task" in trials:
                trials = trials[trials["task"] == place.task]
            x, y = trials[self.parameter], column(trials, self.column)
        except KeyError as error:
            return Finding(INVALID, f"trials.csv lacks {error}", evidence=evidence)
        known = x.notna() & y.notna()
        x, y = x[known], y[known]
        if x.nunique() < 3:
            reason = f"{x.nunique()} settings of {self.parameter}; three are needed"
            return Finding(INCONCLUSIVE, reason, evidence=evidence)
        sign = 1 if self.direction == "rises" else -1
        tau, p = stats.kendalltau(x, y)
        reason = f"{self.column} against {self.parameter} over {len(x)} trials, p = {p:.2g}"
        verdict = INCONCLUSIVE if not p <= 1 - CONFIDENCE else SUPPORTED if sign * tau > 0 else NOT_SUPPORTED
        return Finding(verdict, reason, float(tau) if p == p else None, evidence=evidence)


def chosen(trials: pd.DataFrame, where: dict[str, str | int | float | bool]) -> pd.DataFrame:
    """Trials with these parameters.

    Raises:
        KeyError: there is no such column.
    """
    for name, wanted in where.items():
        trials = trials[trials[name] == wanted]
    return trials


def column(trials: pd.DataFrame, name: str) -> "pd.Series[float]":
    """A column by name; ``quality`` so that larger is better.

    Raises:
        KeyError: there is no such column.
    """
    if name != "quality":
        return trials[name]
    # Perplexities fall, all other metrics rise.
    return trials["quality"].where(trials["metric"] != "perplexity", -trials["quality"])
