import pytest

from suite.costmodel import MethodCost, link_for, predict
from suite.errors import UserError

VANILLA = MethodCost(dense=6.0, experts=3.0, reduction=1.0, waiting=0.5, bytes=1000.0, exchanges=5)


@pytest.mark.parametrize("kappa", [0.2, 0.43, 0.82, 2.33, 40.0])
@pytest.mark.parametrize("latency", [0.0, 0.1])
@pytest.mark.parametrize("overhang", [0.0, 0.02])
def test_predicting_on_the_solved_link_gives_the_kappa(kappa, latency, overhang):
    link = link_for(VANILLA, kappa, latency, overhang=overhang)
    assert predict(VANILLA, link).kappa == pytest.approx(kappa)


def test_a_link_worked_by_hand():
    # All-to-alls may take 0.4·10 = 4 s; 0.5 are waiting, 5·0.1 latency: 1000 bytes in 3 s.
    assert link_for(VANILLA, 0.4, latency=0.1).rate == pytest.approx(1000 / 3)


def test_a_kappa_below_latency_and_waiting_is_refused():
    with pytest.raises(UserError, match=r"kappa: 0\.1 cannot be reached; latency and waiting alone make it 0\.1;"):
        link_for(VANILLA, 0.1, latency=0.1)


def test_a_link_faster_than_the_machine_is_refused():
    with pytest.raises(UserError, match=r"needs a link of 333 bytes/s, and the machine carries 300"):
        link_for(VANILLA, 0.4, latency=0.1, fastest=300.0)


def test_a_kappa_that_the_overhang_keeps_out_of_reach_is_refused():
    with pytest.raises(UserError, match=r"kappa: 5 cannot be reached; an overhang of 0\.2"):
        link_for(VANILLA, 5.0, latency=0.0, overhang=0.2)
