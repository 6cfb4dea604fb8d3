"""torch.compile around the layer: outputs, gradients and meters equal eager's, over several shapes."""

from typing import Any

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

from baselines import BridgeExchange, DedupExchange, HierarchicalDedupExchange
from lshmoe import Exchange, MoELayer
from tests.lshmoe.test_recompute import DIM, REDUCTIONS, WIRES

TOKENS = (64, 64, 48, 1, 0, 33)


def run(name: str, wire: str, kind: type[Exchange], compiled: bool) -> tuple[list[torch.Tensor], tuple[Any, ...]]:
    torch.manual_seed(0)
    layer = MoELayer(DIM, 24, 4, reduction=REDUCTIONS[name](), exchange=kind(wire=WIRES[wire]()))
    model = nn.Sequential(nn.Linear(DIM, DIM), nn.GELU(), layer, nn.Linear(DIM, DIM))
    forward = torch.compile(model, backend="aot_eager") if compiled else model
    tensors = []
    for number in TOKENS:
        x = torch.randn(number, DIM, generator=torch.Generator().manual_seed(number)).requires_grad_()
        y = forward(x)
        (y.square().sum() + layer.balance_loss).backward()
        tensors += [y.detach(), x.grad, layer.balance_loss.detach()]
    tensors += [parameter.grad for parameter in model.parameters()]
    traffic = layer.traffic
    return tensors, (traffic.rows_routed, traffic.rows_sent, traffic.bytes, traffic.remote_bytes, set(traffic.seconds))


@pytest.mark.parametrize(
    ("name", "wire", "kind"),
    [
        *((name, "native", Exchange) for name in REDUCTIONS),
        *(("lsh", wire, Exchange) for wire in WIRES),
        *(("vanilla", "fp8", kind) for kind in (DedupExchange, HierarchicalDedupExchange, BridgeExchange)),
    ],
)
def test_compiled_equals_eager(name, wire, kind):
    torch._dynamo.reset()
    counters.clear()
    expected, meters = run(name, wire, kind, compiled=False)
    found, compiled_meters = run(name, wire, kind, compiled=True)
    for a, b in zip(expected, found, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-5, atol=1e-6)
    assert compiled_meters == meters
    # The layer is left as it is, and nothing else: torch says "disable" when it is called and when its function is.
    assert counters["graph_break"] and all("disable" in reason for reason in counters["graph_break"])
    assert counters["frames"]["ok"] == counters["frames"]["total"]
