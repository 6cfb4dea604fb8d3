import pytest

from suite.costmodel import Link, Method, MethodCost, Workload, predict
from suite.costmodel.calibrate import INSTANT, bytes_per_row, fit_unshaped, fit_workload, measured_cost

ROWS = 500.0
TRUE = Workload(dense=5.0, experts_fixed=1.0, experts_per_row=0.006, rows=ROWS, exchanges=20, waiting=0.4)
UNSHAPED = Link(latency=0.0, rate=20_000.0)


def measure(cost: MethodCost, rate: float, link: Link) -> dict:
    step = predict(cost, link)
    return {
        "rate": rate,
        "inter_server_bytes_per_step": cost.bytes,
        "rest_seconds": step.dense,
        "experts_seconds": step.experts,
        "reduction_seconds": step.reduction,
        "all_to_all_seconds": step.all_to_all,
    }


METHODS = {
    "vanilla": Method(1.0, 8.0),
    "wire": Method(1.0, 2.0, packing_per_byte=1e-4),
    "reduced": Method(0.25, 8.0, reduction_per_row=2e-4),
}
MEASURED = {name: measure(TRUE.cost(method), method.rate, UNSHAPED) for name, method in METHODS.items()}


def test_the_unshaped_network_follows_from_vanilla_and_a_wire():
    assert fit_unshaped(MEASURED["vanilla"], MEASURED["wire"]).rate == pytest.approx(UNSHAPED.rate)


def test_more_bytes_in_no_more_time_are_an_instant_network():
    quicker = MEASURED["vanilla"] | {"all_to_all_seconds": 0.0}
    assert fit_unshaped(quicker, MEASURED["wire"]) == INSTANT


@pytest.mark.parametrize("name", METHODS)
def test_a_cost_calibrated_without_a_network_predicts_the_step_on_a_slow_one(name):
    slow = Link(latency=0.05, rate=1000.0)
    cost = measured_cost(MEASURED[name], TRUE.exchanges, UNSHAPED)
    assert predict(cost, slow).seconds == pytest.approx(predict(TRUE.cost(METHODS[name]), slow).seconds)


def test_three_methods_give_the_workload_and_the_packing():
    fitted, packing = fit_workload(
        MEASURED["vanilla"], MEASURED["wire"], MEASURED["reduced"], ROWS, TRUE.exchanges, UNSHAPED
    )
    assert packing == pytest.approx(1e-4)
    for name in ("dense", "experts_fixed", "experts_per_row", "waiting"):
        assert getattr(fitted, name) == pytest.approx(getattr(TRUE, name)), name
    assert bytes_per_row(MEASURED["reduced"], ROWS) == pytest.approx(8.0)


def test_a_method_that_was_not_measured_is_predicted_from_the_workload():
    both = Method(0.25, 2.0, reduction_per_row=2e-4, packing_per_byte=1e-4)
    fitted, packing = fit_workload(
        MEASURED["vanilla"], MEASURED["wire"], MEASURED["reduced"], ROWS, TRUE.exchanges, UNSHAPED
    )
    modelled = Method(0.25, 2.0, reduction_per_row=2e-4, packing_per_byte=packing)
    slow = Link(latency=0.05, rate=1000.0)
    assert predict(fitted.cost(modelled), slow).seconds == pytest.approx(predict(TRUE.cost(both), slow).seconds)


def test_a_reduction_that_sends_everything_says_nothing_of_experts():
    with pytest.raises(ValueError, match="reduced"):
        fit_workload(MEASURED["vanilla"], MEASURED["wire"], MEASURED["wire"], ROWS, 20)
