import itertools

import pytest

from suite.costmodel import AlphaBeta, Method, MethodCost, Workload, predict, speedup, speedup_bound

STEP = Workload(dense=6.0, experts_fixed=1.0, experts_per_row=0.01, rows=300, exchanges=10)
VANILLA = Method(rate=1.0, bytes_per_row=8.0)
NETWORK = AlphaBeta(latency=0.1, rate=9600.0)


def test_a_step_worked_by_hand():
    # Experts 1 + 300·0.01 = 4 s; 4·300·8 = 9600 bytes take 1 s, ten latencies another.
    step = predict(STEP.cost(VANILLA), NETWORK)
    assert (step.dense, step.experts, step.exchange, step.seconds) == (6, 4, 2, 12)
    assert step.share == pytest.approx(1 / 6)
    assert step.kappa == pytest.approx(0.2)


def test_a_method_worked_by_hand():
    # 60 rows of 4 bytes: 960 bytes, 0.1 s; experts 1.6 s; 300 rows reduced in 0.3 s; latency 1 s.
    method = Method(rate=0.2, bytes_per_row=4.0, reduction_per_row=0.001)
    step = predict(STEP.cost(method), NETWORK)
    assert (step.dense, step.experts, step.reduction, step.exchange) == pytest.approx((6, 1.6, 0.3, 1.1))
    assert speedup(STEP.cost(VANILLA), STEP.cost(method), NETWORK) == pytest.approx(12 / 9)


def test_what_hangs_over_the_exchanges_is_in_the_step_and_not_in_the_all_to_alls():
    step = predict(STEP.cost(VANILLA), AlphaBeta(latency=0.1, rate=9600.0, overhang=0.25))
    assert (step.all_to_all, step.overhang, step.seconds) == (2, 0.5, 12.5)
    assert step.kappa == pytest.approx(2 / 10.5)


def test_the_slowest_rank_decides():
    uneven = Workload(dense=6.0, experts_fixed=1.0, experts_per_row=0.01, rows=300, exchanges=10, imbalance=1.5)
    step = predict(uneven.cost(VANILLA), NETWORK)
    assert (step.experts, step.exchange) == pytest.approx((1 + 4.5, 1 + 1.5))


def test_nothing_saved_nothing_gained():
    costly = Method(rate=1.0, bytes_per_row=8.0, reduction_per_row=0.001)
    assert speedup(STEP.cost(VANILLA), STEP.cost(VANILLA), NETWORK) == 1
    assert speedup(STEP.cost(VANILLA), STEP.cost(costly), NETWORK) < 1


def test_speedups_fall_with_the_rate_and_approach_the_compute_on_a_fast_link():
    costs = [STEP.cost(Method(rate=rate, bytes_per_row=8.0)) for rate in (0.05, 0.2, 0.5, 1.0)]
    gains = [speedup(costs[-1], cost, NETWORK) for cost in costs]
    assert all(left > right for left, right in itertools.pairwise(gains))
    instant = AlphaBeta(latency=0.0, rate=float("inf"))
    assert speedup(costs[-1], costs[0], instant) == pytest.approx(10 / (7 + 0.15))


def test_on_a_slow_link_only_bytes_count():
    cost = STEP.cost(Method(rate=0.2, bytes_per_row=8.0, reduction_per_row=0.001))
    assert speedup(STEP.cost(VANILLA), cost, AlphaBeta(latency=0.0, rate=1e-6)) == pytest.approx(5, rel=1e-6)


def test_the_papers_bound_is_the_case_without_latency_waiting_and_savings_in_experts():
    vanilla = MethodCost(dense=50.0, experts=5.0, reduction=0.0, waiting=0.0, bytes=45.0, exchanges=10)
    method = MethodCost(dense=50.0, experts=5.0, reduction=2.0, waiting=0.0, bytes=9.0, exchanges=10)
    link = AlphaBeta(latency=0.0, rate=1.0)
    bound = speedup_bound(share=predict(vanilla, link).share, bytes_ratio=0.2, overhead=2.0 / 100)
    assert speedup(vanilla, method, link) == pytest.approx(bound)
