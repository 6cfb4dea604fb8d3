from dataclasses import replace

import pytest

from suite.costmodel.exchange import AlphaBeta, ClusterNetwork, Leg, Topology, exchanges_per_step

SERVERS = Topology(
    servers=4, gpus_per_server=8, nics_per_server=2, nic_rate=100.0, inside_rate=1000.0, latency=0.5, message=0.01
)
FLAT, HIERARCHICAL = ClusterNetwork(SERVERS, "flat"), ClusterNetwork(SERVERS, "hierarchical")


def test_a_link_is_a_straight_line():
    assert AlphaBeta(latency=0.5, rate=10.0).seconds(100.0, exchanges=4) == 2 + 10


def test_flat_legs_worked_by_hand():
    # 320 bytes for 32 GPUs, 10 for each: 7 are inside, 24 beyond.
    legs = FLAT.legs(320.0)
    assert legs.inside == Leg(7, 70.0)
    assert legs.between == Leg(24, 240.0)


def test_hierarchical_legs_worked_by_hand():
    # Inside, each of 7 others gets what the GPUs of its rank are to have on 4 servers, 40 bytes; then 80 for each of 3.
    legs = HIERARCHICAL.legs(320.0)
    assert legs.inside == Leg(7, 280.0)
    assert legs.between == Leg(3, 240.0)


def test_four_gpus_share_a_nic():
    # Between: 0.5 + 24·0.01 + 240·4/100 = 10.34 s; the inside leg is hidden behind it.
    assert FLAT.seconds(320.0, 1) == pytest.approx(10.34)
    # Inside: 7·0.01 + 280/1000 = 0.35 s; between: 0.5 + 3·0.01 + 9.6 = 10.13 s; one after the other.
    assert HIERARCHICAL.seconds(320.0, 1) == pytest.approx(10.48)


def test_exchanges_pay_their_latency_each_and_their_bytes_once():
    assert FLAT.seconds(640.0, 2) == pytest.approx(2 * FLAT.seconds(320.0, 1))


def test_hierarchical_is_flat_when_a_server_has_one_gpu():
    single = replace(SERVERS, gpus_per_server=1, nics_per_server=1)
    flat, hierarchical = (ClusterNetwork(single, path) for path in ("flat", "hierarchical"))
    assert flat.legs(320.0) == hierarchical.legs(320.0)
    assert flat.seconds(320.0, 5) == hierarchical.seconds(320.0, 5)


def test_within_one_server_nothing_pays_for_the_nic():
    assert ClusterNetwork(replace(SERVERS, servers=1), "flat").seconds(80.0, 1) == pytest.approx(7 * 0.01 + 0.07)


@pytest.mark.parametrize("change", [{"nic_rate": 200.0}, {"nics_per_server": 4}, {"message": 0.001}, {"latency": 0.1}])
def test_a_better_network_is_faster(change):
    assert ClusterNetwork(replace(SERVERS, **change), "flat").seconds(320.0, 1) < FLAT.seconds(320.0, 1)


def test_hierarchical_wins_where_messages_prevail():
    assert HIERARCHICAL.seconds(0.0, 1) < FLAT.seconds(0.0, 1)
    assert HIERARCHICAL.seconds(1e6, 1) > FLAT.seconds(1e6, 1)


def test_an_all_reduce_climbs_a_tree_and_back():
    # 2 levels between 4 servers of 0.51 s, 3 inside of 0.01 s, twice.
    assert FLAT.all_reduce_seconds(0.0) == pytest.approx(2 * (2 * 0.51 + 3 * 0.01))


def test_a_step_has_four_exchanges_of_rows_and_one_of_counts_per_layer():
    assert exchanges_per_step(6) == 30
