"""Every reduction × every wire × every exchange, by name, so that spawned ranks can build them too."""

import itertools
from typing import Any

import torch

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


def row_bytes(wire: str, dtype: torch.dtype = torch.float32) -> dict[str, float]:
    """Bytes of a row in each phase."""
    made = WIRES[wire]()
    of_phase = {phase: made.for_phase(phase) if isinstance(made, PhasedWire) else made for phase in ROW_PHASES}
    return {phase: part.bytes_per_row(DIM, dtype) for phase, part in of_phase.items()}


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
        "row bytes": row_bytes(wire, dtype),
        "rows sent": layer.traffic.rows_sent,
        "rows routed": layer.traffic.rows_routed,
        "bytes": dict(layer.traffic.bytes),
    }
