"""A control follows the rate of the run that it controls for."""

from suite.training.rate_schedule import rate_override, rate_schedule
from tests.suite.builders.synthetic import train_line


def test_each_piece_has_the_mean_rate_of_its_steps() -> None:
    steps = [
        train_line(number, rows_routed=100, rows_sent=sent) for number, sent in enumerate((80, 60, 20, 40), start=1)
    ]
    assert rate_schedule(steps, pieces=2) == [(0, 0.7), (2, 0.3)]
    assert rate_schedule(steps, pieces=20) == [(0, 0.8), (1, 0.6), (2, 0.2), (3, 0.4)]
    assert rate_schedule([]) == []


def test_the_override_is_the_schedule() -> None:
    assert rate_override({"rate_schedule": [[0, 0.9], [80, 0.37]]}) == "method.reduction.rate=[[0,0.9],[80,0.37]]"
