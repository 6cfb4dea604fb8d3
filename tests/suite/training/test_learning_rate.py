"""The learning rate: up to its peak, then down by the schedule."""

import math

import pytest

from suite.config.compose import compose
from suite.config.task import Optimizer
from suite.training.learning_rate import learning_rate


def rates(**changes: object) -> list[float]:
    """Of 14 steps, four of them warm-up."""
    plain = compose().training.optimizer.model_dump()
    given = plain | {"learning_rate": 2.0, "warmup_steps": 4, "final_fraction": 0.0} | changes
    return [learning_rate(Optimizer.model_validate(given), step, 14) for step in range(14)]


def test_the_rate_grows_to_its_peak_then_follows_the_schedule() -> None:
    for schedule in ("constant", "linear", "cosine"):
        assert rates(schedule=schedule)[:5] == [0.5, 1.0, 1.5, 2.0, 2.0]
    assert rates(schedule="constant")[4:] == [2.0] * 10
    assert rates(schedule="linear")[4:] == pytest.approx([2 - 0.2 * number for number in range(10)])
    assert rates(schedule="cosine")[4:] == pytest.approx([1 + math.cos(0.1 * math.pi * n) for n in range(10)])


def test_it_falls_to_the_final_fraction_and_not_below() -> None:
    assert rates(schedule="linear", final_fraction=0.5)[-1] == pytest.approx(1 + 0.1)
    assert rates(schedule="constant", final_fraction=0.5)[-1] == 2.0


def test_a_configuration_that_names_no_schedule_means_the_cosine() -> None:
    without = {name: value for name, value in compose().training.optimizer.model_dump().items() if name != "schedule"}
    assert Optimizer.model_validate(without).schedule == "cosine"
