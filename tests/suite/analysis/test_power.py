"""The power of a test of equivalence, against counted draws."""

import numpy as np
import pytest
from scipy import stats

from suite.analysis.power import MOST_SEEDS, equivalence_power, seeds_needed


@pytest.mark.parametrize(("seeds", "deviation"), [(3, 0.3), (8, 0.85), (8, 0.5), (10, 1.2)])
def test_the_power_is_the_part_of_draws_that_are_found_equivalent(seeds, deviation):
    draws = np.random.default_rng(0).normal(0, deviation, (100_000, seeds))
    error = draws.std(1, ddof=1) / np.sqrt(seeds)
    accepted = np.abs(draws.mean(1)) < 1 - stats.t.ppf(0.95, seeds - 1) * error
    assert equivalence_power(seeds, deviation, 1.0) == pytest.approx(accepted.mean(), abs=0.005)


def test_the_seeds_needed_are_the_fewest_with_that_power():
    needed = seeds_needed(0.85, 1.0, 0.8)
    assert equivalence_power(needed, 0.85, 1.0) >= 0.8 > equivalence_power(needed - 1, 0.85, 1.0)
    assert seeds_needed(0.0, 1.0, 0.8) == 2
    assert seeds_needed(1e6, 1.0, 0.8) == MOST_SEEDS


@pytest.mark.parametrize("numbers", [(1, 1.0, 1.0), (8, 0.0, 1.0), (8, 1.0, -1.0)])
def test_what_has_no_power_is_refused(numbers):
    with pytest.raises(ValueError, match="power: needs 2 seeds"):
        equivalence_power(*numbers)
