"""Estimates with intervals (replicates are seeds, sessions or paired blocks), and the step that reaches a target."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from suite.analysis.estimate import Estimate

CONFIDENCE = 0.95


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
    """Geometric mean of the ratios of neighbours, with Student's t interval of their logarithms.

    Block i of both sequences was measured within one round, so slow drifts of the machine cancel in the ratio.

    Raises:
        ValueError: the sequences differ in length, or hold fewer than two pairs.
    """
    if len(numerators) != len(denominators) or len(numerators) < 2:
        raise ValueError(f"pairs: two or more of each are needed, got {len(numerators)} and {len(denominators)}")
    return _exponential(over_seeds(_logarithms(numerators, denominators)))


def ratio_over_sessions(
    numerators: Sequence[float], denominators: Sequence[float], sessions: Sequence[int]
) -> Estimate:
    """As :func:`paired_ratio`, where pairs were measured in several sessions.

    A session's process groups and links are set up anew, and what that draws is common to all its pairs: the session is
    the replicate (a random effect), so the interval is Student's t over the means of sessions. With one session the
    pairs are replicates, and the interval lacks what another session would have drawn.

    Args:
        numerators: one number per pair.
        denominators: likewise.
        sessions: the session of each pair.

    Raises:
        ValueError: as for :func:`paired_ratio`.
    """
    if len(set(sessions)) < 2:
        return paired_ratio(numerators, denominators)
    by_session: dict[int, list[float]] = {}
    for session, value in zip(sessions, _logarithms(numerators, denominators), strict=True):
        by_session.setdefault(session, []).append(value)
    return _exponential(over_seeds([float(np.mean(values)) for values in by_session.values()]))


def ratio_with_common_factor(ratios: Sequence[float], factor: Estimate) -> Estimate | None:
    """Geometric mean of one ratio per seed, each multiplied by one factor that has noise of its own.

    The squared standard errors of both logarithms add up; degrees of freedom are those of Welch and Satterthwaite. The
    factor's interval is taken for Student's t with very many degrees of freedom, which its ends define.

    Args:
        ratios: one per seed.
        factor: common to all seeds, with its interval.

    Returns:
        None without a ratio; no interval with one seed, or with a factor that has none.
    """
    if not ratios:
        return None
    logarithms = np.log(ratios)
    mean = float(np.mean(logarithms)) + math.log(factor.value)
    if len(ratios) == 1 or factor.low is None or factor.high is None:
        return Estimate(math.exp(mean))
    seeds = float(stats.sem(logarithms)) ** 2
    own = ((math.log(factor.high) - math.log(factor.low)) / 2 / stats.norm.ppf((1 + CONFIDENCE) / 2)) ** 2
    if not seeds:  # equal in every seed: the factor's noise alone
        return factor.times(math.exp(mean) / factor.value)
    freedom = (seeds + own) ** 2 / (seeds**2 / (len(ratios) - 1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * math.sqrt(seeds + own)
    return _exponential(Estimate(mean, mean - half, mean + half))


def _logarithms(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    return [math.log(one / other) for one, other in zip(numerators, denominators, strict=True)]


def _exponential(estimate: Estimate) -> Estimate:
    low, high = (None if end is None else math.exp(end) for end in (estimate.low, estimate.high))
    return Estimate(math.exp(estimate.value), low, high)


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
        p_different: two-sided t test of no difference; small speaks for a difference, of any size.
        p_beyond: two-sided t test of a difference within the margin; small speaks for a larger one.
        p_equivalent: two one-sided t tests (TOST); small speaks for a difference within the margin. At 5 % that is the
            same as a 90 % interval within the margin.
        margin: the largest difference that counts as none.
    """

    difference: Estimate
    p_different: float
    p_beyond: float
    p_equivalent: float
    margin: float

    def verdict(self, p_equivalent: float | None = None, p_beyond: float | None = None) -> str:
        """Equivalent by TOST; different where the difference is beyond the margin; else undecided.

        Args:
            p_equivalent: one corrected for multiple comparisons, if there is.
            p_beyond: likewise.
        """
        if (self.p_equivalent if p_equivalent is None else p_equivalent) <= 1 - CONFIDENCE:
            return EQUIVALENT
        beyond = (self.p_beyond if p_beyond is None else p_beyond) <= 1 - CONFIDENCE
        return DIFFERENT if beyond else UNDECIDED


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
        outside = abs(mean) >= margin
        return Comparison(Estimate(mean, mean, mean), float(mean == 0), float(not outside), float(outside), margin)
    inside = [
        stats.ttest_1samp(differences, -margin, alternative="greater").pvalue,
        stats.ttest_1samp(differences, margin, alternative="less").pvalue,
    ]
    different = stats.ttest_1samp(differences, 0.0).pvalue
    beyond = min(1.0, 2 * (1 - max(inside)))
    return Comparison(over_seeds(differences), float(different), float(beyond), float(max(inside)), margin)


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for their number, by Holm's step-down method."""
    from statsmodels.stats.multitest import multipletests  # a second, which most tables need not spend

    return [float(p) for p in multipletests(p_values, method="holm")[1]] if p_values else []
