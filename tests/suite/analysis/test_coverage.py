"""Intervals hold the truth as often as they say, and tests err as seldom: a short form of `make bench`'s."""

import pytest

from suite.analysis.statistics import DIFFERENT, EQUIVALENT
from tests.coverage_worlds import WORLDS, World, covered, verdicts

DRAWS = 600
# Three standard errors of 95 % at this number of draws.
LOW, HIGH = 0.923, 0.977


@pytest.mark.parametrize("world", WORLDS, ids=[world.name for world in WORLDS])
def test_intervals_hold_the_truth_as_often_as_they_say(world: World) -> None:
    assert LOW <= covered(world, DRAWS) <= HIGH


def test_a_difference_at_the_margin_is_called_neither_too_often() -> None:
    found = verdicts(1.0, seeds=8, draws=DRAWS)
    assert found[EQUIVALENT] <= 0.077
    assert found[DIFFERENT] <= 0.05


def test_clear_cases_are_seen() -> None:
    assert verdicts(0.0, seeds=8, draws=DRAWS)[EQUIVALENT] >= 0.95
    assert verdicts(2.0, seeds=8, draws=DRAWS)[DIFFERENT] >= 0.95
