"""One MoE layer, forward and backward, by phase."""

import time
from typing import Any

import torch

from lshmoe import MoELayer
from suite.card.clock import wait
from suite.card.methods import METHODS
from suite.card.pretend import PretendExchange
from suite.card.shapes import Shape
from suite.card.tokens import alike_tokens


def make_layer(shape: Shape, method: str, device: torch.device, dtype: torch.dtype) -> MoELayer:
    """The layer of this shape on one of its ranks, with a pretended exchange."""
    parts = METHODS[method]
    with device:
        layer = MoELayer(
            shape.dim,
            shape.hidden,
            shape.experts,
            shape.top_k,
            reduction=parts.reduction(shape.dim),
            exchange=PretendExchange(shape.ranks, parts.wire()),
        )
    return layer.to(dtype)


def layer(shape: Shape, method: str, distinct: float, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """Seconds per forward and backward pass, in all and by phase; rows and bytes sent; peak memory.

    Returns:
        ``seconds`` of a pass; ``phases``: seconds of the pass by phase of :class:`~lshmoe.traffic.Traffic`; ``rate``:
        rows sent over rows routed; ``bytes``: handed to collectives per pass; ``peak_bytes`` of the device, or None.
    """
    moe = make_layer(shape, method, device, dtype)
    x = alike_tokens(shape, distinct, device, dtype).requires_grad_()
    grad = torch.randn_like(x)

    def step() -> None:
        moe.zero_grad()
        x.grad = None
        moe(x).backward(grad)

    for _ in range(2):
        step()
    wait(device)
    moe.traffic.reset()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    passes = 5
    began = time.perf_counter()
    for _ in range(passes):
        step()
    wait(device)
    took = (time.perf_counter() - began) / passes
    meters = moe.traffic
    return {
        "seconds": took,
        "phases": {phase: value / passes for phase, value in sorted(meters.seconds.items())},
        "rate": meters.rows_sent / meters.rows_routed,
        "bytes": sum(meters.bytes.values()) / passes,
        "peak_bytes": torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None,
    }
