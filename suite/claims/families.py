"""Two families of hash functions at the same rate."""

from typing import ClassVar

from pydantic import PositiveFloat
from scipy import stats

from suite.analysis.rows import INVALID
from suite.analysis.statistics import CONFIDENCE
from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.finding import INCONCLUSIVE, MEASURED, NOT_SUPPORTED, SUPPORTED, Finding
from suite.claims.ledger import Claim, Place
from suite.claims.trend import chosen, quality


class Families(ClaimTest):
    """Quality of ``family`` less ``reference`` over a study's trials whose rate is within ``tolerance`` of ``rate``.

    Welch's interval decides: supported if it lies above 0, not supported if below.
    """

    KIND: ClassVar[str] = MEASURED

    study: str
    rate: PositiveFloat
    tolerance: PositiveFloat
    family: str = "cross_polytope"
    reference: str = "spherical_plane"

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        evidence = [bench.trials_path(self.study)]
        try:
            trials = bench.trials(self.study)
            near = trials[(trials["rate"] - self.rate).abs() <= self.tolerance]
            mine, theirs = (quality(chosen(near, {"family": name})) for name in (self.family, self.reference))
        except KeyError as error:
            return Finding(INVALID, f"trials.csv lacks {error}", evidence=evidence)
        counts = f"{len(mine)} and {len(theirs)} trials at {self.rate:.0%} ± {self.tolerance:.0%} of rows"
        if not len(mine) or not len(theirs):
            return Finding(INCONCLUSIVE, counts, evidence=evidence)
        difference = float(mine.mean() - theirs.mean())
        if min(len(mine), len(theirs)) < 2:
            return Finding(INCONCLUSIVE, f"{counts}: not replicated", difference, evidence=evidence)
        interval = stats.ttest_ind(mine, theirs, equal_var=False).confidence_interval(CONFIDENCE)
        low, high = float(interval.low), float(interval.high)
        verdict = SUPPORTED if low > 0 else NOT_SUPPORTED if high < 0 else INCONCLUSIVE
        return Finding(verdict, counts, difference, low, high, evidence=evidence)
