"""Quality that should come closer to vanilla's with a parameter that a study varies."""

from typing import ClassVar

import pandas as pd
from pydantic import Field
from scipy import stats

from suite.analysis.rows import INVALID
from suite.analysis.statistics import CONFIDENCE
from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.finding import INCONCLUSIVE, MEASURED, NOT_SUPPORTED, SUPPORTED, Finding
from suite.claims.ledger import Claim, Place

Setting = str | int | float | bool | None


class Trend(ClaimTest):
    """Kendall's tau of the parameter and the distance of quality from the study's trials of ``origin``.

    Supported if the distance falls at 5 %, not supported if it rises. ``where`` chooses trials; null is an empty cell.
    """

    KIND: ClassVar[str] = MEASURED

    study: str
    parameter: str
    where: dict[str, Setting] = Field(default_factory=dict)
    origin: dict[str, Setting] = Field(min_length=1)

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        evidence = [bench.trials_path(self.study)]
        try:
            trials = bench.trials(self.study)
            if place is not None:
                trials = trials[trials["task"] == place.task]
            x, y = chosen(trials, self.where)[self.parameter], quality(chosen(trials, self.where))
            origins = quality(chosen(trials, self.origin)).dropna()
        except KeyError as error:
            return Finding(INVALID, f"trials.csv lacks {error}", evidence=evidence)
        if origins.empty:
            return Finding(INCONCLUSIVE, "no trial of the origin", evidence=evidence)
        known = x.notna() & y.notna()
        x, distance = x[known], (y[known] - origins.mean()).abs()
        if x.nunique() < 3:
            reason = f"{x.nunique()} settings of {self.parameter}; three are needed"
            return Finding(INCONCLUSIVE, reason, evidence=evidence)
        tau, p = stats.kendalltau(x, distance)
        reason = f"distance from the origin against {self.parameter} over {len(x)} trials, p = {p:.2g}"
        verdict = INCONCLUSIVE if not p <= 1 - CONFIDENCE else SUPPORTED if tau < 0 else NOT_SUPPORTED
        return Finding(verdict, reason, float(tau) if p == p else None, evidence=evidence)


def chosen(trials: pd.DataFrame, where: dict[str, Setting]) -> pd.DataFrame:
    """Trials with these settings; None stands for an empty cell.

    Raises:
        KeyError: there is no such column.
    """
    for name, wanted in where.items():
        trials = trials[trials[name].isna() if wanted is None else trials[name] == wanted]
    return trials


def quality(trials: pd.DataFrame) -> "pd.Series[float]":
    """Held-out quality, larger is better.

    Raises:
        KeyError: there is no such column.
    """
    # Perplexities fall, all other metrics rise.
    return trials["quality"].where(trials["metric"] != "perplexity", -trials["quality"])
