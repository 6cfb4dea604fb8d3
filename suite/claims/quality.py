"""Two methods against each other by held-out quality, seeds paired."""

from typing import Literal

from pydantic import PositiveFloat

from suite.analysis.quality import margin, quality_differences
from suite.analysis.statistics import DIFFERENT, EQUIVALENT, compare_paired
from suite.claims.base import ClaimTest, Method
from suite.claims.bench import Bench
from suite.claims.finding import INCONCLUSIVE, NOT_SUPPORTED, SUPPORTED, Finding, nothing
from suite.claims.ledger import Claim, Place


class Quality(ClaimTest):
    """``same``: equivalent by two one-sided t tests. ``better``: the interval of the difference lies above 0.

    Differences are in points of a share, in logarithms of a perplexity; larger is better.
    """

    relation: Literal["same", "better"]
    method: Method = "lsh"
    reference: Method = "vanilla"
    tolerance: PositiveFloat | None = None

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        if place is None:
            raise nothing()
        runs, theirs = bench.runs(place, self.method), bench.runs(place, self.reference)
        evidence = bench.paths(*runs, *theirs)
        scale = 100.0 if runs[0].summary.metric.higher_is_better else 1.0
        differences = [scale * difference for difference in quality_differences(runs, theirs)]
        if not differences:
            return Finding(
                INCONCLUSIVE, f"{self.method} and {self.reference} have no seed in common", evidence=evidence
            )
        allowed = self.tolerance or scale * margin(runs[0])
        tolerance = allowed if self.relation == "same" else None
        comparison = compare_paired(differences, allowed)
        if comparison is None:
            reason = "one seed: nothing can be said of a difference"
            return Finding(INCONCLUSIVE, reason, differences[0], tolerance=tolerance, evidence=evidence)
        found, verdict = comparison.difference, comparison.verdict()
        assert found.low is not None and found.high is not None
        if self.relation == "same":
            judged = {EQUIVALENT: SUPPORTED, DIFFERENT: NOT_SUPPORTED}.get(verdict, INCONCLUSIVE)
            reason = f"{verdict} over {len(differences)} seeds, TOST p = {comparison.p_equivalent:.2g}"
        else:
            judged = SUPPORTED if found.low > 0 else NOT_SUPPORTED if found.high < 0 else INCONCLUSIVE
            reason = f"over {len(differences)} seeds, p = {comparison.p_different:.2g}"
        return Finding(judged, reason, found.value, found.low, found.high, tolerance, evidence)
