"""Estimates with intervals (seeds or paired blocks are the replicates), and the step that reaches a target."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from suite.analysis.estimate import Estimate

CONFIDENCE = 0.95
RESAMPLES = 9999


def over_seeds(values: Sequence[float]) -> Estimate:
    """Mean over seeds with Student's t interval; a single seed has no interval.

    Raises:
        ValueError: there is no value at all.
    """
    if not values:
        raise ValueError("values: at least one seed is needed")
    mean = float(np.mean(values))
    if len(values) == 1:
        return Estimate(mean)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stats.sem(values))
    return Estimate(mean, mean - half, mean + half)


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Estimate:
    """Median of the ratios of neighbours, with a bootstrap percentile interval over the pairs.

    Block i of both sequences was measured within one round, so slow drifts of the machine cancel in the ratio.
    The median withstands a block that something else disturbed. The resampling is seeded: equal input, equal interval.

    Raises:
        ValueError: the sequences differ in length, or hold fewer than two pairs.
    """
    if len(numerators) != len(denominators) or len(numerators) < 2:
        raise ValueError(f"pairs: two or more of each are needed, got {len(numerators)} and {len(denominators)}")
    ratios = np.asarray(numerators) / np.asarray(denominators)
    median = float(np.median(ratios))
    if np.ptp(ratios) == 0:
        return Estimate(median, median, median)
    interval = stats.bootstrap(
        (ratios,),
        np.median,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Estimate(median, float(interval.low), float(interval.high))


def steps_to_target(steps: Sequence[float], losses: Sequence[float], target: float) -> float | None:
    """First step at which a falling curve reaches ``target``, linear between evaluations; None if it never does."""
    for i, loss in enumerate(losses):
        if loss <= target:
            if i == 0 or losses[i - 1] == loss:
                return float(steps[i])
            part = (losses[i - 1] - target) / (losses[i - 1] - loss)
            return float(steps[i - 1] + part * (steps[i] - steps[i - 1]))
    return None


# Verdicts on "the same quality".
EQUIVALENT, DIFFERENT, UNDECIDED = "equivalent", "different", "undecided"


@dataclass(frozen=True)
class Comparison:
    """Paired differences against zero and against a margin.

    Attributes:
        difference: mean with Student's t interval.
        p_different: two-sided t test of no difference; small speaks for a difference.
        p_equivalent: two one-sided t tests (TOST); small speaks for a difference within the margin.
        margin: the largest difference that counts as none.
    """

    difference: Estimate
    p_different: float
    p_equivalent: float
    margin: float

    def verdict(self, p_equivalent: float | None = None) -> str:
        """Equivalent by TOST; different if the interval lies beyond the margin; else undecided.

        Args:
            p_equivalent: one corrected for multiple comparisons, if there is.
        """
        if (self.p_equivalent if p_equivalent is None else p_equivalent) <= 1 - CONFIDENCE:
            return EQUIVALENT
        low, high = self.difference.low, self.difference.high
        assert low is not None and high is not None
        return DIFFERENT if low > self.margin or high < -self.margin else UNDECIDED


def compare_paired(differences: Sequence[float], margin: float) -> Comparison | None:
    """Test paired differences, one per seed; None for fewer than two, which nothing can be said of.

    Raises:
        ValueError: the margin is not above 0.
    """
    if margin <= 0:
        raise ValueError(f"margin: {margin} is not above 0")
    if len(differences) < 2:
        return None
    mean = float(np.mean(differences))
    if np.ptp(differences) == 0:  # t is not defined
        return Comparison(Estimate(mean, mean, mean), float(mean == 0), float(abs(mean) >= margin), margin)
    above = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, margin, alternative="less").pvalue
    different = stats.ttest_1samp(differences, 0.0).pvalue
    return Comparison(over_seeds(differences), float(different), float(max(above, below)), margin)


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for their number, by Holm's step-down method."""
    from statsmodels.stats.multitest import multipletests  # a second, which most tables need not spend

    return [float(p) for p in multipletests(p_values, method="holm")[1]] if p_values else []
