import pytest

from suite.costmodel import AlphaBeta, MethodCost, measured_cost, measured_link, predict
from suite.costmodel.calibrate import INSTANT

OPENED = AlphaBeta(latency=0.0, rate=20_000.0)
SLOW = AlphaBeta(latency=0.0, rate=1000.0, overhang=0.1)
COSTS = {
    "vanilla": MethodCost(dense=5.0, experts=4.0, reduction=0.0, waiting=0.4, bytes=16_000.0, exchanges=20),
    "reduced": MethodCost(dense=5.0, experts=1.5, reduction=0.1, waiting=0.2, bytes=4000.0, exchanges=20),
}


def measure(cost: MethodCost, link: AlphaBeta, servers: int = 2) -> dict:
    """The row of speedup.csv that a step gives."""
    step = predict(cost, link)
    return {
        "inter_server_bytes_per_step": servers * cost.bytes,
        "servers": servers,
        "all_to_alls": cost.exchanges,
        "step_seconds": step.seconds,
        "rest_seconds": step.dense + step.overhang,
        "experts_seconds": step.experts,
        "reduction_seconds": step.reduction,
        "all_to_all_seconds": step.all_to_all,
    }


@pytest.mark.parametrize("name", COSTS)
def test_a_cost_is_what_is_left_without_the_bytes(name):
    cost = measured_cost(measure(COSTS[name], OPENED), OPENED)
    assert cost.waiting == pytest.approx(COSTS[name].waiting)
    assert (cost.bytes, cost.local) == (COSTS[name].bytes, COSTS[name].local)


def test_vanilla_s_step_says_how_slow_the_link_is():
    link = measured_link(COSTS["vanilla"], measure(COSTS["vanilla"], SLOW))
    assert (link.rate, link.overhang) == (pytest.approx(SLOW.rate), pytest.approx(SLOW.overhang))


def test_a_method_is_predicted_from_its_open_step_and_vanilla_s_slow_one():
    cost = measured_cost(measure(COSTS["reduced"], OPENED), OPENED)
    link = measured_link(COSTS["vanilla"], measure(COSTS["vanilla"], SLOW))
    assert predict(cost, link).seconds == pytest.approx(predict(COSTS["reduced"], SLOW).seconds)


def test_latency_that_is_not_given_stays_within_the_waiting():
    distant = AlphaBeta(latency=0.05, rate=20_000.0)
    cost = measured_cost(measure(COSTS["vanilla"], distant), OPENED)
    assert cost.waiting == pytest.approx(0.4 + 20 * 0.05)


def test_more_bytes_in_no_more_time_are_an_instant_link():
    row = measure(COSTS["vanilla"], SLOW) | {"all_to_all_seconds": 0.3}
    assert measured_link(COSTS["vanilla"], row) == INSTANT
