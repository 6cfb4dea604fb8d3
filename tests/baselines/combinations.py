"""Every reduction × every wire × every exchange, by name, so that spawned ranks can build them too."""

import itertools
from typing import Any

import torch

from baselines import (
    Condensation,
    FP8Wire,
    HierarchicalExchange,
    Int4Wire,
    Int8Wire,
    KMeans,
    RandomClusters,
    RowDropping,
)
from lshmoe import Exchange, IdentityReduction, MoELayer, NativeWire, lsh_reduction

DIM, EXPERTS, TOKENS = 7, 4, 48

REDUCTIONS = {
    "identity": IdentityReduction,
    "lsh": lambda: lsh_reduction(DIM, num_hashes=2, coordinates=2),
    "kmeans": lambda: KMeans(DIM, seed=1, rate=0.3),
    "condensation": lambda: Condensation(DIM, threshold=0.5),
    "random": lambda: RandomClusters(DIM, seed=1, rate=0.3),
    "random, no compensation": lambda: RandomClusters(DIM, seed=1, rate=0.3, error_compensation=False),
    "row dropping": lambda: RowDropping(DIM, seed=1, rate=0.3),
}
WIRES = {
    "native": NativeWire,
    "bf16": lambda: NativeWire("bfloat16"),
    "e4m3": FP8Wire,
    "e5m2": lambda: FP8Wire("e5m2"),
    "int8": Int8Wire,
    "int4": Int4Wire,
    "int4 stochastic": lambda: Int4Wire("stochastic"),
}
EXCHANGES = {
    "flat": Exchange,
    "hierarchical": lambda **given: HierarchicalExchange(ranks_per_server=1, **given),
}
EVERY = list(itertools.product(REDUCTIONS, WIRES, EXCHANGES))


def run(reduction: str, wire: str, exchange: str, dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    """One forward and backward of a layer; what a test asks of any of them."""
    layer = MoELayer(
        DIM, 12, EXPERTS, reduction=REDUCTIONS[reduction](), exchange=EXCHANGES[exchange](wire=WIRES[wire]())
    ).to(dtype)
    x = torch.randn(TOKENS, DIM, generator=torch.Generator().manual_seed(5)).to(dtype).requires_grad_()
    out = layer(x)
    (out.float().square().sum() + layer.balance_loss).backward()
    gradients = {"x": x.grad} | {name: parameter.grad for name, parameter in layer.named_parameters()}
    return {
        "shape": (out.shape, out.dtype) == (x.shape, x.dtype),
        "finite": all(bool(tensor.isfinite().all()) for tensor in (out, *gradients.values())),
        "without gradient": [name for name, grad in gradients.items() if not (grad != 0).any()],
        "row bytes": WIRES[wire]().bytes_per_row(DIM, dtype),
        "rows sent": layer.traffic.rows_sent,
        "rows routed": layer.traffic.rows_routed,
        "bytes": dict(layer.traffic.bytes),
    }
