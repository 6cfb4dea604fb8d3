"""How many seeds it takes to find that two methods are the same."""

import numpy as np
from scipy import stats

from suite.analysis.statistics import CONFIDENCE

# Quantiles of the deviation that the power is averaged over: enough for four digits.
_POINTS = (np.arange(2000) + 0.5) / 2000
MOST_SEEDS = 100_000


def equivalence_power(seeds: int, deviation: float, margin: float) -> float:
    """The chance that two one-sided t tests find equal methods to be equivalent.

    The mean of n normal differences and their deviation s are independent, and TOST accepts where |mean| is less than
    margin − t·s/√n; so the power is the chance of that, averaged over s.

    Args:
        seeds: number of paired differences, 2 or more.
        deviation: their true standard deviation.
        margin: the largest difference that counts as none, in the unit of ``deviation``.

    Raises:
        ValueError: fewer than two seeds, or a margin or deviation that is not positive.
    """
    if seeds < 2 or margin <= 0 or deviation <= 0:
        raise ValueError(f"power: needs 2 seeds, a margin and a deviation above 0, got {seeds}, {margin}, {deviation}")
    error = deviation / np.sqrt(seeds)
    seen = error * np.sqrt(stats.chi2.ppf(_POINTS, seeds - 1) / (seeds - 1))
    room = margin - stats.t.ppf(CONFIDENCE, seeds - 1) * seen
    return float(np.mean(np.maximum(0.0, 2 * stats.norm.cdf(room / error) - 1)))


def seeds_needed(deviation: float, margin: float, power: float) -> int:
    """The smallest number of seeds with at least ``power``, at most :data:`MOST_SEEDS`; 2 where nothing deviates."""
    if deviation == 0:
        return 2
    fewest, enough = 1, 2
    while enough < MOST_SEEDS and equivalence_power(enough, deviation, margin) < power:
        fewest, enough = enough, min(2 * enough, MOST_SEEDS)
    while enough - fewest > 1:
        middle = (fewest + enough) // 2
        if equivalence_power(middle, deviation, margin) < power:
            fewest = middle
        else:
            enough = middle
    return enough
