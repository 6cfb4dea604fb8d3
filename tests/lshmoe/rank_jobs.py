"""What the ranks of multi-rank tests run; importable, so that spawned processes find it."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from lshmoe import (
    MoELayer,
    NativeWire,
    NonFiniteRowError,
    clip_grad_norm,
    data_parallel,
    expert_parameters,
    lsh_reduction,
)

WIRES = (None, "bfloat16")
CASES = ("no rows on rank 0", "no rows at all", "one row", "one expert", "equal rows")
DIM, HIDDEN, EXPERTS, TOKENS = 16, 24, 8, 48


def world() -> tuple[int, int]:
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def global_tokens(tokens: int = TOKENS, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(tokens, DIM, generator=torch.Generator().manual_seed(5), dtype=torch.float64).to(dtype)


def global_outputs_gradient(tokens: int = TOKENS) -> Tensor:
    return torch.randn(tokens, DIM, generator=torch.Generator().manual_seed(6), dtype=torch.float64)


def own(rows: Tensor) -> Tensor:
    """This rank's share of the global rows."""
    rank, size = world()
    return rows.chunk(size)[rank]


def gathered_gradients(layer: MoELayer) -> dict[str, Tensor]:
    """Gradients by name; those of expert parameters concatenated over all ranks."""
    gradients, experts = {}, expert_parameters(layer)
    for name, parameter in layer.named_parameters():
        parts = [parameter.grad]
        if dist.is_initialized() and name in experts:
            parts = [torch.empty_like(parameter.grad) for _ in range(dist.get_world_size())]
            dist.all_gather(parts, parameter.grad)
        gradients[name] = torch.cat(parts)
    return gradients


def train_once(wire: str | None, top_k: int = 2, max_norm: float = 0.05) -> dict[str, Any]:
    """One forward and backward of the mean loss, then clipping."""
    layer = MoELayer(DIM, HIDDEN, EXPERTS, top_k, wire=NativeWire(wire)).double()
    model = data_parallel(layer)
    x = own(global_tokens()).requires_grad_()
    out = model(x)
    size = world()[1]
    loss = (out * own(global_outputs_gradient())).sum() * size / TOKENS + 0.1 * layer.balance_loss
    loss.backward()
    balance = layer.balance_loss.detach().clone()
    if dist.is_initialized():
        dist.all_reduce(balance)
    gradients = gathered_gradients(layer)
    norm = clip_grad_norm(layer, max_norm)
    return {
        "out": out.detach(),
        "balance": balance / size,
        "x": x.grad / size,
        "gradients": gradients,
        "norm": norm,
        "clipped": gathered_gradients(layer),
        "traffic": (layer.traffic.rows_sent, dict(layer.traffic.bytes), dict(layer.traffic.remote_bytes)),
    }


def edge_case(case: str, method: str) -> dict[str, Any]:
    """A forward and backward on awkward rows; returns what must be finite, and the deviation from one process."""
    rank, _ = world()
    reduction = lsh_reduction(DIM, num_hashes=3) if method == "lsh" else None
    layer = MoELayer(DIM, HIDDEN, EXPERTS, 1 if case == "one expert" else 2, reduction).double()
    x = global_tokens()[rank::2]
    if case == "no rows on rank 0" and rank == 0:
        x = x[:0]
    if case == "no rows at all":
        x = x[:0]
    if case == "one row":
        x = x[:1]
    if case == "one expert":
        x = x.abs()
        with torch.no_grad():
            layer.gate.weight.zero_()[3] = 1
    if case == "equal rows":
        x = x[:1].expand(1000, DIM)
    x = x.clone().requires_grad_()
    out = layer(x)
    (out.square().sum() + layer.balance_loss).backward()
    gradients = [x.grad, *(p.grad for p in layer.parameters())]
    return {
        "shape": out.shape == x.shape,
        "finite": all(t is not None and bool(t.isfinite().all()) for t in [out, *gradients]),
        "sent": layer.traffic.rows_sent,
        "experts with gradient": int((layer.experts.w2_LFD.grad.abs().amax((1, 2)) > 0).sum()),
    }


def all_jobs() -> dict[str, Any]:
    """Everything the tests ask of two ranks: starting processes costs more than the work."""
    return {
        "train": {wire: train_once(wire) for wire in WIRES},
        "edge": {(case, method): edge_case(case, method) for case in CASES for method in ("vanilla", "lsh")},
        "finite differences": finite_differences(),
        "non finite": non_finite_message(),
        "uneven": uneven_experts_message(),
    }


def finite_differences() -> float:
    """Largest deviation between autograd and central differences of the sum over ranks, for inputs and weights."""
    rank, size = world()
    layer = MoELayer(DIM, HIDDEN, 4, 2, lsh_reduction(DIM, num_hashes=1, coordinates=2)).double()
    x = own(global_tokens(12)).clone().requires_grad_()
    weigh = own(global_outputs_gradient(12))

    def total() -> Tensor:
        value = (layer(x) * weigh).sum()
        dist.all_reduce(value)
        return value

    (layer(x) * weigh).sum().backward()
    worst = 0.0
    for owner in range(size):
        for tensor, scale in ((x, 1), (layer.experts.w1_LDF, size), (layer.experts.b2_LD, size)):
            for position in (0, tensor.numel() // 2, tensor.numel() - 1):
                values = []
                for step in (1e-6, -1e-6):
                    with torch.no_grad():
                        mine = tensor.view(-1)[position : position + 1]
                        before = mine.clone()
                        if rank == owner:
                            mine += step
                        values.append(total())
                        mine.copy_(before)
                if rank == owner:
                    slope = (values[0] - values[1]) / 2e-6
                    worst = max(worst, float((slope - scale * tensor.grad.view(-1)[position]).abs()))
    assert layer.traffic.rows_sent < layer.traffic.rows_routed
    return worst


def train_every_wire() -> dict[str | None, Any]:
    return {wire: train_once(wire) for wire in WIRES}


def uneven_experts_message() -> str:
    try:
        MoELayer(DIM, HIDDEN, 3)
    except ValueError as error:
        return str(error)
    return "no error"


def non_finite_message() -> str:
    """Both ranks feed a NaN; the check comes before any collective."""
    layer = MoELayer(DIM, HIDDEN, EXPERTS, check_finite=True, name="layers.3.moe")
    x = global_tokens(dtype=torch.float32)
    x[1, 2] = float("nan")
    try:
        layer(x)
    except NonFiniteRowError as error:
        return str(error)
    return "no error"
