"""The experts of one rank: two-layer feed-forward networks as grouped matrix products."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from lshmoe.groups import active_group_size
from lshmoe.seeding import generator
from lshmoe.traffic import Traffic

# The key of state dicts that holds the global numbers of the experts.
IDS = "expert_ids"

_ACTIVATIONS: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {
    "gelu": (torch.nn.functional.gelu, torch.ops.aten.gelu_backward),
    "relu": (torch.relu, lambda grad, value: torch.ops.aten.threshold_backward(grad, value, 0)),
}


class Experts(nn.Module):
    """L local experts ``x → act(x·W1 + b1)·W2 + b2``.

    State dicts hold the experts' global numbers beside their weights, as ``expert_ids``: loading the experts of another
    rank is an error. :func:`~lshmoe.reshard` turns state dicts of one number of ranks into those of another.

    Args:
        dim: width D.
        hidden_dim: hidden width F.
        expert_ids: global numbers of the experts on this rank; weights depend only on (seed, number).
        world_size: expert gradients are divided by it, so that they are gradients of the mean loss over ranks.
        activation: ``"gelu"`` or ``"relu"``.
        seed: draws the weights.

    Raises:
        ValueError: if ``activation`` is unknown.
    """

    def __init__(
        self, dim: int, hidden_dim: int, expert_ids: range, world_size: int = 1, activation: str = "gelu", seed: int = 0
    ) -> None:
        super().__init__()
        if activation not in _ACTIVATIONS:
            raise ValueError(f"activation: {activation!r} is unknown; choose from {', '.join(_ACTIVATIONS)}")
        self.expert_ids, self.activation, self.world_size, self.seed = expert_ids, activation, world_size, seed
        local = len(expert_ids)
        self.w1_LDF = nn.Parameter(torch.empty(local, dim, hidden_dim))
        self.b1_LF = nn.Parameter(torch.empty(local, hidden_dim))
        self.w2_LFD = nn.Parameter(torch.empty(local, hidden_dim, dim))
        self.b2_LD = nn.Parameter(torch.empty(local, dim))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw the weights, the same ones every time: uniform within ``±fan_in**-0.5``."""
        _, dim, hidden_dim = self.w1_LDF.shape
        gens = [generator(self.seed, "expert", number) for number in self.expert_ids]
        layers = ((self.w1_LDF, dim), (self.b1_LF, dim), (self.w2_LFD, hidden_dim), (self.b2_LD, hidden_dim))
        for parameter_LX, fan_in in layers:
            for value, gen in zip(parameter_LX, gens, strict=True):
                if gen is not None:
                    drawn = torch.rand(value.shape, generator=gen, device=gen.device) * 2 - 1
                    value.copy_(drawn / math.sqrt(fan_in))

    def forward(
        self, rows_SD: Tensor, counts_L: Tensor, traffic: Traffic, replicas: dist.ProcessGroup | None = None
    ) -> Tensor:
        """Apply each expert to its rows.

        Args:
            rows_SD: ``[S, D]``, grouped by local expert.
            counts_L: int64 ``[L]`` on the CPU, rows per local expert.
            traffic: meter for the seconds spent here.
            replicas: process group of the ranks that hold copies of these experts; the backward pass averages their
                gradients. ``None``: there are no copies.
        """
        dtype = rows_SD.dtype
        weights = [w.to(dtype) for w in (self.w1_LDF, self.b1_LF, self.w2_LFD, self.b2_LD)]
        arguments = (counts_L.tolist(), self.activation, 1 / self.world_size, traffic, replicas)
        out: Tensor = _ExpertFFN.apply(rows_SD, *weights, *arguments)
        return out

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        # Floating point, since moving averages of state dicts scale every tensor.
        destination[prefix + IDS] = torch.tensor(self.expert_ids, dtype=torch.float64, device="cpu")

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        key, own = prefix + IDS, list(self.expert_ids)
        if key not in state_dict:
            missing_keys.append(key)
        elif (given := numbers(state_dict[key])) != own:
            error_msgs.append(
                f"{key}: the state dict holds experts {given}, this rank holds {own}; "
                "load the state dict of this rank, or turn those of all ranks into others by lshmoe.reshard"
            )
        others = {name: value for name, value in state_dict.items() if name != key}
        super()._load_from_state_dict(others, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)


def numbers(ids_L: Tensor) -> list[int]:
    """Global numbers of experts from what a state dict holds."""
    return [round(number) for number in ids_L.tolist()]


class _ExpertFFN(torch.autograd.Function):
    """One autograd node for all local experts: products write into slices of one buffer, nothing is concatenated."""

    @staticmethod
    def forward(
        ctx: Any,
        rows_SD: Tensor,
        w1_LDF: Tensor,
        b1_LF: Tensor,
        w2_LFD: Tensor,
        b2_LD: Tensor,
        counts: list[int],
        activation: str,
        share: float,
        traffic: Traffic,
        replicas: dist.ProcessGroup | None,
    ) -> Tensor:
        act, _ = _ACTIVATIONS[activation]
        with traffic.clock("experts", rows_SD.device):
            hidden_SF = rows_SD.new_empty(rows_SD.shape[0], w1_LDF.shape[2])
            out_SD = torch.empty_like(rows_SD)
            for expert, (rows, hidden, out) in enumerate(_groups(counts, rows_SD, hidden_SF, out_SD)):
                torch.addmm(b1_LF[expert], rows, w1_LDF[expert], out=hidden)
                torch.addmm(b2_LD[expert], act(hidden), w2_LFD[expert], out=out)
        ctx.save_for_backward(rows_SD, hidden_SF, w1_LDF, w2_LFD)
        ctx.arguments = (counts, activation, share, traffic, replicas)
        return out_SD

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        rows_SD, hidden_SF, w1_LDF, w2_LFD = ctx.saved_tensors
        counts, activation, share, traffic, replicas = ctx.arguments
        if replicas is not None:
            share /= active_group_size(replicas)
        act, act_backward = _ACTIVATIONS[activation]
        grad_SD = grads[0].contiguous()
        with traffic.clock("experts_backward", rows_SD.device):
            grad_rows_SD = torch.empty_like(rows_SD)
            grad_w1, grad_w2 = torch.empty_like(w1_LDF), torch.empty_like(w2_LFD)
            grad_b1, grad_b2 = w1_LDF.new_empty(w1_LDF.shape[0], w1_LDF.shape[2]), w1_LDF.new_empty(w1_LDF.shape[:2])
            for expert, (rows, hidden, grad, grad_rows) in enumerate(
                _groups(counts, rows_SD, hidden_SF, grad_SD, grad_rows_SD)
            ):
                # The share of the mean loss rides on the products of the weights' gradients: no pass of its own.
                torch.addmm(grad_w2[expert], act(hidden).T, grad, beta=0, alpha=share, out=grad_w2[expert])
                torch.sum(grad, 0, out=grad_b2[expert])
                grad_hidden = act_backward(grad @ w2_LFD[expert].T, hidden)
                torch.addmm(grad_w1[expert], rows.T, grad_hidden, beta=0, alpha=share, out=grad_w1[expert])
                torch.sum(grad_hidden, 0, out=grad_b1[expert])
                torch.mm(grad_hidden, w1_LDF[expert].T, out=grad_rows)
            grad_b1.mul_(share), grad_b2.mul_(share)
        if replicas is not None:
            for grad in (grad_w1, grad_b1, grad_w2, grad_b2):
                dist.all_reduce(grad, group=replicas)
        return grad_rows_SD, grad_w1, grad_b1, grad_w2, grad_b2, None, None, None, None, None


def _groups(counts: list[int], *tensors: Tensor) -> Any:
    return zip(*(torch.split(tensor, counts) for tensor in tensors), strict=True)
