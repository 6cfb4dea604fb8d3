"""A forward pass on a GPU waits for it once to learn the counts, and once more for the number of clusters."""

from collections.abc import Callable

import pytest
import torch

from baselines import HierarchicalExchange
from lshmoe import Exchange, MoELayer, lsh_reduction
from suite.card.pretend import PretendExchange
from tests.lshmoe import host_waits
from tests.lshmoe.host_waits import OnDevice

COUNTS = "suite/card/pretend.py:plan"
CLUSTERS = "lshmoe/clustering.py:cluster"


@pytest.fixture(autouse=True)
def places() -> list[str]:
    host_waits.places.clear()
    return host_waits.places


def test_every_way_to_read_is_seen(places: list[str]) -> None:
    value = torch.arange(4).as_subclass(OnDevice)
    reads: list[Callable[[], object]] = [
        lambda: int(value.sum()),
        lambda: bool(value[0]),
        value.tolist,
        lambda: value.cpu().tolist(),  # one read: the copy is on the host
        lambda: value[value > 1],
        lambda: value.repeat_interleave(value),
        lambda: torch.unique(value),
        lambda: torch.equal(value, value),
        value.nonzero,
    ]
    for number, read in enumerate(reads, 1):
        read()
        assert len(places) == number
    value.cumsum(0), value[torch.tensor([0])], value.repeat_interleave(value, output_size=6)
    assert len(places) == len(reads)


@pytest.mark.parametrize(("method", "waits"), [("vanilla", [COUNTS]), ("lsh", [CLUSTERS, COUNTS])])
def test_waits_of_a_forward_pass(method: str, waits: list[str], places: list[str]) -> None:
    reduction = lsh_reduction(32) if method == "lsh" else None
    if reduction is not None:  # on the CPU codes are written into buffers, which are no part of this
        reduction.hash.register_forward_hook(lambda hash, rows, codes: codes.as_subclass(OnDevice))
    layer = MoELayer(32, 64, 8, reduction=reduction, exchange=PretendExchange(4))
    y_ND = layer(torch.randn(64, 32).as_subclass(OnDevice))
    assert isinstance(y_ND, OnDevice)
    assert places == waits


@pytest.mark.parametrize("kind", [Exchange, HierarchicalExchange])
def test_real_exchanges_wait_once(kind: type[Exchange], monkeypatch: pytest.MonkeyPatch, places: list[str]) -> None:
    exchange = kind()  # as if of four ranks on two servers, whose counts come back as they were sent
    vars(exchange).update(world_size=4, servers=2, per_server=2, inside=None, between=None)
    monkeypatch.setattr(exchange, "all_to_all_counts", lambda send, group: send.contiguous())
    monkeypatch.setattr(exchange, "refuse_other_ranks", lambda: None)
    exchange.path(torch.arange(8).as_subclass(OnDevice))
    assert len(places) == 1
    assert places[0].endswith(":plan")
