import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from suite.analysis.statistics import (
    DIFFERENT,
    EQUIVALENT,
    UNDECIDED,
    Estimate,
    compare_paired,
    holm,
    over_seeds,
    paired_ratio,
    ratio_over_sessions,
    ratio_with_common_factor,
    steps_to_target,
)


def test_over_seeds_matches_a_t_interval_worked_by_hand():
    estimate = over_seeds([1.0, 2.0, 3.0])  # standard error 1/sqrt(3), t with 2 degrees of freedom at 97.5 %: 4.302653
    assert estimate.value == 2.0
    assert estimate.high - 2.0 == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert 2.0 - estimate.low == pytest.approx(estimate.high - 2.0)


def test_one_seed_has_no_interval():
    assert over_seeds([7.0]) == Estimate(7.0, None, None)


def test_no_seed_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        over_seeds([])


def test_paired_ratio_cancels_a_drift_that_hits_both_neighbours():
    drift = [1.0, 2.0, 3.0, 4.0, 5.0]
    estimate = paired_ratio([1.5 * d for d in drift], drift)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((1.5, 1.5, 1.5))


def test_paired_ratio_is_a_t_interval_of_logarithms_worked_by_hand():
    # Logarithms to the base 2: 0, 1, 2; standard error 1/sqrt(3), t with 2 degrees of freedom at 97.5 %: 4.302653.
    estimate = paired_ratio([1.0, 2.0, 4.0], [1.0, 1.0, 1.0])
    half = 4.302653 / math.sqrt(3)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((2, 2 ** (1 - half), 2 ** (1 + half)))


def test_sessions_are_the_replicates_where_there_are_several():
    ratios, sessions = [1.0, 1.0, 4.0, 4.0, 2.0, 2.0], [0, 0, 1, 1, 2, 2]
    estimate = ratio_over_sessions(ratios, [1.0] * 6, sessions)
    assert estimate == paired_ratio([1.0, 4.0, 2.0], [1.0] * 3)
    assert ratio_over_sessions(ratios, [1.0] * 6, [0] * 6) == paired_ratio(ratios, [1.0] * 6)


def test_a_common_factor_adds_its_noise_once():
    ratios, exact = [1.0, 1.1, 1.2, 1.0, 1.1, 1.2, 1.1, 1.1], Estimate(3.0, 3.0, 3.0)
    alone, times3 = paired_ratio(ratios, [1.0] * 8), ratio_with_common_factor(ratios, exact)
    assert (times3.value, times3.low, times3.high) == pytest.approx((3 * alone.value, 3 * alone.low, 3 * alone.high))
    noisy = ratio_with_common_factor(ratios, Estimate(3.0, 1.5, 6.0))
    assert noisy.low < times3.low
    assert noisy.high > times3.high
    assert ratio_with_common_factor([2.0, 2.0], Estimate(3.0, 2.0, 4.5)) == Estimate(6.0, 4.0, 9.0)
    assert ratio_with_common_factor([2.0], Estimate(3.0, 2.0, 4.5)) == Estimate(pytest.approx(6.0))
    assert ratio_with_common_factor([], exact) is None


@pytest.mark.parametrize(("numerators", "denominators"), [([1.0], [1.0]), ([1.0, 2.0], [1.0])])
def test_paired_ratio_needs_two_pairs(numerators, denominators):
    with pytest.raises(ValueError, match="two or more"):
        paired_ratio(numerators, denominators)


def test_steps_to_target_interpolates_between_evaluations():
    assert steps_to_target([0, 10, 20], [100.0, 60.0, 20.0], 40.0) == 15.0
    assert steps_to_target([0, 10, 20], [100.0, 60.0, 20.0], 60.0) == 10.0
    assert steps_to_target([10, 20], [50.0, 20.0], 60.0) == 10.0
    assert steps_to_target([0, 10, 20], [100.0, 60.0, 20.0], 10.0) is None


def test_equivalence_is_statsmodels_two_one_sided_tests():
    mine, theirs = np.array([1.02, 2.01, 2.98, 4.03]), np.array([1.0, 2.0, 3.0, 4.0])
    found = compare_paired(list(mine - theirs), 0.05)
    assert found.p_equivalent == pytest.approx(ttost_paired(mine, theirs, -0.05, 0.05)[0])
    assert found.p_different == pytest.approx(stats.ttest_rel(mine, theirs).pvalue)


def test_a_difference_is_beyond_the_margin_when_its_interval_is():
    for differences in ([1.2, 1.3, 1.4], [1.0, 1.3, 1.6], [-1.2, -1.3, -1.4]):
        found = compare_paired(differences, 1.0)
        assert (found.p_beyond <= 0.05) == (found.difference.low > 1.0 or found.difference.high < -1.0)


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.01, -0.01, 0.0], EQUIVALENT),
        ([5.0, 5.1, 4.9], DIFFERENT),
        ([-5.0, -5.1, -4.9], DIFFERENT),
        ([3.0, -3.0, 0.1], UNDECIDED),
        ([1.0, 1.1, 0.9], UNDECIDED),  # at the margin
        ([0.0, 0.0], EQUIVALENT),
        ([2.0, 2.0], DIFFERENT),
    ],
)
def test_verdicts_on_the_same_quality(differences, verdict):
    assert compare_paired(differences, 1.0).verdict() == verdict


def test_a_corrected_p_can_take_equivalence_back():
    found = compare_paired([0.3, 0.5, 0.4], 1.0)
    assert found.verdict() == EQUIVALENT
    assert found.verdict(p_equivalent=0.2) == UNDECIDED
    beyond = compare_paired([2.0, 2.2, 2.4], 1.0)
    assert beyond.verdict() == DIFFERENT
    assert beyond.verdict(p_beyond=0.2) == UNDECIDED


def test_one_seed_compares_nothing_and_a_margin_is_needed():
    assert compare_paired([0.1], 1.0) is None
    with pytest.raises(ValueError, match="margin"):
        compare_paired([0.1, 0.2], 0.0)


def test_holm_worked_by_hand():
    # Sorted 0.01, 0.02, 0.04 times 3, 2, 1, never falling.
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([]) == []
