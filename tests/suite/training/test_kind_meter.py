"""Kinds of rows: told apart as documented, and counted so that nested populations get their true rates."""

import torch

from baselines import RowDropping
from lshmoe import MoELayer, lsh_reduction
from suite.hosts.placement import Stream
from suite.records.vocabulary import KINDS
from suite.tasks.row_kinds import DISTINCT, PADDING
from suite.training.kind_meter import KindMeter, announce


def metered(kinds: torch.Tensor, x: torch.Tensor, route_padding: bool = True) -> dict[str, float]:
    layer = MoELayer(8, 16, 2, 1, reduction=lsh_reduction(8, num_hashes=2, coordinates=2))
    meter = KindMeter()
    layer.observers.append(meter)
    announce({"tokens": Stream([layer], time_first=False)}, {"tokens": kinds}, route_padding)
    layer(x)
    counts = meter.read()
    assert sum(counts[f"routed_{kind}"] for kind in KINDS) == layer.traffic.rows_routed
    assert sum(counts[f"sent_{kind}"] for kind in KINDS) == layer.traffic.rows_sent
    assert not any(meter.read().values())
    return counts


def test_counts_nest_what_is_sent_without_padding_is_what_all_kinds_but_padding_send() -> None:
    gen = torch.Generator().manual_seed(0)
    x, kinds = torch.randn(4, 32, 8, generator=gen), torch.randint(0, 4, (4, 32), generator=gen, dtype=torch.uint8)
    everything, without = metered(kinds, x), metered(kinds, x, route_padding=False)
    for kind in KINDS[:-1]:
        assert everything[f"sent_{kind}"] == without[f"sent_{kind}"]
        assert everything[f"routed_{kind}"] == without[f"routed_{kind}"]
    assert without["routed_padding"] == without["sent_padding"] == 0 < everything["sent_padding"]


def test_a_time_first_stream_sees_its_tokens_transposed() -> None:
    kinds = torch.tensor([[DISTINCT, PADDING], [DISTINCT, PADDING], [DISTINCT, DISTINCT]], dtype=torch.uint8)
    layer = MoELayer(8, 16, 2, 1)
    announce({"tokens": Stream([layer], time_first=True)}, {"tokens": kinds}, route_padding=False)
    assert layer.routed_N is not None
    assert layer.routed_N.tolist() == [True, True, True, False, False, True]


def test_rows_that_nothing_stands_for_are_sent_under_no_kind() -> None:
    layer = MoELayer(8, 16, 2, 1, reduction=RowDropping(8, rate=0.25))
    meter = KindMeter()
    layer.observers.append(meter)
    layer(torch.randn(40, 8))
    counts = meter.read()
    assert counts["routed_distinct"] == 40
    assert counts["sent_distinct"] == layer.traffic.rows_sent < 12
