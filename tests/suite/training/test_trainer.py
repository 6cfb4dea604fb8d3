"""The optimizer of the training loop."""

import pytest

from tests.ranks import run_ranks
from tests.suite.training import trainer_jobs as jobs


def test_fused_adam_gives_the_losses_of_adam() -> None:
    ((fused, plain),) = run_ranks(1, jobs.losses_fused_and_not, 8)
    assert fused == pytest.approx(plain, rel=1e-4)  # rounding grows from step to step
    assert fused[1] == pytest.approx(plain[1], rel=1e-6)
    assert fused[-1] < 0.8 * fused[0], "nothing was learnt"
