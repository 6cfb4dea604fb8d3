import numpy as np
import pytest

from suite.cluster.lab.fit import LinkFit, solve

BYTES = [2**power for power in range(12, 23)]


def test_a_line_is_recovered():
    alpha, beta = solve(BYTES, [3e-4 + 8e-8 * size for size in BYTES])
    assert (alpha, beta) == pytest.approx((3e-4, 8e-8))
    assert LinkFit(alpha, beta, ()).seconds(10**6) == pytest.approx(3e-4 + 0.08)


def test_every_size_counts_by_its_relative_error():
    truth = np.array([3e-4 + 8e-8 * size for size in BYTES])
    noisy = truth * np.random.default_rng(0).normal(1, 0.05, (200, len(BYTES)))
    alpha, beta = np.array([solve(BYTES, seconds) for seconds in noisy]).T
    assert (alpha.mean(), beta.mean()) == pytest.approx((3e-4, 8e-8), rel=0.02)
    # Ordinary least squares sees the largest messages alone, and knows nothing of alpha.
    ordinary = np.array([np.polyfit(BYTES, seconds, 1)[1] for seconds in noisy])
    assert alpha.std() < 3e-4 / 10 < 3e-4 < ordinary.std()


def test_neither_is_negative():
    alpha, beta = solve([10, 20, 40], [0.1, 0.3, 0.7])
    assert alpha == 0 and beta > 0
