"""Every reduction × every wire × every exchange, by name, so that spawned ranks can build them too."""

import itertools
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from baselines import (
    BipartiteMerging,
    BlockInt4Wire,
    BridgeExchange,
    Condensation,
    DedupExchange,
    FP8Wire,
    HierarchicalDedupExchange,
    HierarchicalExchange,
    Int4Wire,
    Int8Wire,
    KMeans,
    LatentWire,
    MXFP8Wire,
    NVFP4Wire,
    PerPhaseWire,
    RandomClusters,
    RowDropping,
)
from lshmoe import ROW_PHASES, Exchange, IdentityReduction, MoELayer, NativeWire, PhasedWire, lsh_reduction

DIM, EXPERTS, TOKENS = 7, 4, 48

REDUCTIONS = {
    "identity": IdentityReduction,
    "lsh": lambda: lsh_reduction(DIM, num_hashes=2, coordinates=2),
    "lsh, learned compensation": lambda: lsh_reduction(DIM, num_hashes=2, coordinates=2, error_compensation="learned"),
    "lsh, estimated compensation": lambda: lsh_reduction(
        DIM, num_hashes=2, coordinates=2, error_compensation="estimated"
    ),
    "kmeans": lambda: KMeans(DIM, seed=1, rate=0.3),
    "condensation": lambda: Condensation(DIM, threshold=0.5),
    "condensation, rate": lambda: Condensation(DIM, rate=0.3, error_compensation=True),
    "bipartite merging": lambda: BipartiteMerging(DIM, rate=0.3),
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
    "int4 blocks": BlockInt4Wire,
    "mxfp8": MXFP8Wire,
    "nvfp4": NVFP4Wire,
    "latent int8": lambda: LatentWire(0.5, Int8Wire()),
    "per phase": lambda: PerPhaseWire(FP8Wire(), NativeWire("bfloat16"), NativeWire("bfloat16"), Int8Wire()),
}
# Of one rank per server, so that two ranks have something between them.
EXCHANGES = {
    "flat": Exchange,
    "hierarchical": HierarchicalExchange,
    "bridge": BridgeExchange,
    "dedup": DedupExchange,
    "hierarchical dedup": HierarchicalDedupExchange,
}
WHOLE_TOKENS = {"dedup", "hierarchical dedup"}  # which refuse reductions
EVERY = [
    names
    for names in itertools.product(REDUCTIONS, WIRES, EXCHANGES)
    if names[0] == "identity" or names[2] not in WHOLE_TOKENS
]
PATHS = [(reduction, exchange) for reduction, wire, exchange in EVERY if wire == "native"]


def layer_of(reduction: str, wire: str, exchange: str) -> MoELayer:
    """The same layer every time."""
    path = EXCHANGES[exchange](wire=WIRES[wire]())
    return MoELayer(DIM, 12, EXPERTS, reduction=REDUCTIONS[reduction](), exchange=path)


def tokens(seed: int) -> Tensor:
    return torch.randn(TOKENS, DIM, generator=torch.Generator().manual_seed(seed))


def row_bytes(wire: str, dtype: torch.dtype = torch.float32) -> dict[str, float]:
    """Bytes of a row in each phase."""
    made = WIRES[wire]()
    of_phase = {phase: made.for_phase(phase) if isinstance(made, PhasedWire) else made for phase in ROW_PHASES}
    return {phase: part.bytes_per_row(DIM, dtype) for phase, part in of_phase.items()}


def run(reduction: str, wire: str, exchange: str, dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    """One forward and backward of a layer; what a test asks of any of them."""
    layer = layer_of(reduction, wire, exchange).to(dtype)
    x = tokens(5).to(dtype).requires_grad_()
    out = layer(x)
    (out.float().square().sum() + layer.balance_loss).backward()
    gradients = {"x": x.grad} | {name: parameter.grad for name, parameter in layer.named_parameters()}
    return {
        "shape": (out.shape, out.dtype) == (x.shape, x.dtype),
        "finite": all(bool(tensor.isfinite().all()) for tensor in (out, *gradients.values())),
        "without gradient": [name for name, grad in gradients.items() if not (grad != 0).any()],
        "row bytes": row_bytes(wire, dtype),
        "rows sent": layer.traffic.rows_sent,
        "rows routed": layer.traffic.rows_routed,
        "bytes": dict(layer.traffic.bytes),
    }


def differing(reduction: str, exchange: str) -> list[str]:
    """What activation recompute, or a copy after a step, computes or counts otherwise than the layer itself."""
    kept, again = (layer_of(reduction, "int4 stochastic", exchange) for _ in "ab")
    pairs = {"gradients": (_gradients(kept, kept), _gradients(again, partial(checkpoint, again, use_reentrant=False)))}
    pairs["meters"] = _meters(kept), _meters(again)
    copied, before = deepcopy(kept), _meters(kept)
    copied.traffic.reset()
    out = copied(tokens(3))
    pairs["meters of the original"] = before, _meters(kept)
    kept.traffic.reset()
    pairs["outputs of a copy"] = kept(tokens(3)), out
    pairs["meters of a copy"] = _meters(kept), _meters(copied)
    return [name for name, (expected, found) in pairs.items() if not _equal(expected, found)]


def _gradients(layer: MoELayer, forward: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """Of two forward passes and one backward pass, which recomputes the last forward pass first."""
    inputs = [tokens(seed).requires_grad_() for seed in (1, 2)]
    losses = [forward(x).square().sum() + layer.balance_loss for x in inputs]
    torch.stack(losses).sum().backward()
    return [tensor.grad for tensor in (*inputs, *layer.parameters()) if tensor.grad is not None]


def _meters(layer: MoELayer) -> tuple[Any, ...]:
    traffic = layer.traffic
    meters = (traffic.bytes, traffic.remote_bytes, traffic.inter_server_bytes)
    return traffic.rows_routed, traffic.rows_sent, *(dict(meter) for meter in meters)


def _equal(expected: Any, found: Any) -> bool:
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(_equal, expected, found))
    return bool(torch.equal(expected, found) if isinstance(expected, Tensor) else expected == found)
