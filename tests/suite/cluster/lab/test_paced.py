import pytest
import torch
import torch.distributed as dist

from suite.cluster.lab.link import Link
from suite.cluster.lab.paced import Pace
from suite.cluster.member import Member
from suite.config.compose import compose
from suite.errors import UserError
from suite.training.methods import build_exchange
from tests.ranks import run_ranks

RATE = 40.0


def exchange_rows():
    """Seconds and bytes of one dispatch through a paced exchange, slow and open; and that nothing is counted."""
    link = Link(dist.group.WORLD, 1, "paced", float("inf"), Pace(None, 1))
    exchange = build_exchange(compose().method, Member(torch.device("cpu"), "paced", dist.group.WORLD, 1, link))
    seconds = []
    for rate in (RATE, None):
        link.set_rate(rate)
        exchange.traffic.reset()
        exchange(torch.randn(4096, 64), torch.tensor([2048, 2048]))
        seconds.append(exchange.traffic.seconds["dispatch"])
    with pytest.raises(UserError, match="no link that the kernel could count; use network=lab"):
        link.counters()
    return *seconds, exchange.traffic.inter_server_bytes["dispatch"]


def test_the_last_resort_sleeps_for_the_bytes_that_leave_a_server():
    for paced, unpaced, leaving in run_ranks(2, exchange_rows):
        assert leaving == 2048 * 64 * 4
        assert paced >= leaving * 8 / (RATE * 1e6) > 2 * unpaced
