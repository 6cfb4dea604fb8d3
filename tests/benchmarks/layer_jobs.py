"""What two ranks run to time MoE layers beside each other; importable, so that spawned processes find it."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lshmoe import MoELayer
from lshmoe.exchange import FlatPlan
from tests.benchmarks.memory import peak_bytes


@dataclass(frozen=True)
class Size:
    """Sizes of one comparison; ``rounds`` is how often contestants take turns."""

    tokens_per_rank: int
    dim: int
    hidden_dim: int
    num_experts: int
    rounds: int

    def __str__(self) -> str:
        return f"{self.tokens_per_rank}x{self.dim}-{self.hidden_dim}-{self.num_experts}"


def deepspeed_layer(size: Size) -> nn.Module:
    """DeepSpeed-MoE as its tutorial has it: top-2, capacity factor 1.25, everything else at its default."""
    import deepspeed
    from deepspeed.moe.layer import MoE
    from deepspeed.utils import logger

    logger.setLevel("ERROR")
    deepspeed.init_distributed("gloo", verbose=False)
    expert = nn.Sequential(nn.Linear(size.dim, size.hidden_dim), nn.GELU(), nn.Linear(size.hidden_dim, size.dim))
    layer = MoE(size.dim, expert, size.num_experts, ep_size=dist.get_world_size(), k=2, capacity_factor=1.25)
    layer.set_deepspeed_parallelism()
    return layer


def training_step(layer: nn.Module, apply: Callable[[Tensor], tuple[Tensor, Tensor]], x: Tensor, grad: Tensor) -> None:
    """Forward and backward, gradients of the tokens and of every parameter included."""
    layer.zero_grad()
    x.grad = None
    out, balance_loss = apply(x)
    ((out * grad).sum() + 0.01 * balance_loss).backward()


def bare_step(layer: MoELayer, x: Tensor) -> Callable[[], None]:
    """The layer's expert matrix products and its four all-to-alls for these tokens, and nothing else."""
    ids_NK, _, _ = layer.gate(x)
    counts_E = torch.bincount(ids_NK.flatten(), minlength=layer.num_experts)
    plan: FlatPlan = layer.exchange._plan(counts_E)
    counts_L = plan.counts_WL.sum(0).tolist()
    w1_LDF, w2_LFD = layer.experts.w1_LDF.detach(), layer.experts.w2_LFD.detach()
    sent_CD, arrived_SD = torch.randn(sum(plan.send_W), layer.dim), torch.randn(sum(counts_L), layer.dim)
    hidden_SF = torch.randn(sum(counts_L), w1_LDF.shape[2])

    def step() -> None:
        for _ in range(2):
            dist.all_to_all_single(torch.empty_like(arrived_SD), sent_CD, plan.receive_W, plan.send_W)
            dist.all_to_all_single(torch.empty_like(sent_CD), arrived_SD, plan.send_W, plan.receive_W)
        rows_and_hidden = zip(arrived_SD.split(counts_L), hidden_SF.split(counts_L), strict=True)
        for (rows, hidden), w1, w2 in zip(rows_and_hidden, w1_LDF, w2_LFD, strict=True):
            _ = rows @ w1, hidden @ w2  # forward
            _ = rows @ w2.T, hidden @ w1.T, rows.T @ hidden, hidden.T @ rows  # backward

    return step


def take_turns(steps: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Seconds of the slowest rank by contestant, one block of each per round, in an order that alternates."""
    for step in steps.values():
        step(), step()
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds):
        for name in list(steps)[:: 1 if number % 2 else -1]:
            dist.barrier()
            began = time.perf_counter()
            steps[name]()
            took = torch.tensor(time.perf_counter() - began, dtype=torch.float64)
            dist.all_reduce(took, op=dist.ReduceOp.MAX)
            seconds[name].append(took.item())
    return seconds


def compare(size: Size) -> dict[str, Any]:
    """Time and peak memory of our vanilla layer, DeepSpeed's, and the bare work, on the same tokens."""
    torch.manual_seed(dist.get_rank())
    x = torch.randn(size.tokens_per_rank, size.dim, requires_grad=True)
    grad = torch.randn(size.tokens_per_rank, size.dim)
    ours, theirs = MoELayer(size.dim, size.hidden_dim, size.num_experts, top_k=2), deepspeed_layer(size)
    steps = {
        "ours": lambda: training_step(ours, lambda x: (ours(x), ours.balance_loss), x, grad),
        "deepspeed": lambda: training_step(theirs, lambda x: theirs(x)[:2], x, grad),
        "bare": bare_step(ours, x),
    }
    seconds = take_turns(steps, size.rounds)
    ours.traffic.reset()
    peaks = {}
    for name in ("ours", "deepspeed"):
        # Gradients of the other layer and of the step before would count as released memory.
        ours.zero_grad(), theirs.zero_grad()
        x.grad = None
        peaks[name] = peak_bytes(steps[name])
    return {
        "seconds": {name: statistics.median(values) for name, values in seconds.items()},
        "speedup": statistics.median(d / o for d, o in zip(seconds["deepspeed"], seconds["ours"], strict=True)),
        "over bare": statistics.median(o / b for o, b in zip(seconds["ours"], seconds["bare"], strict=True)),
        "peak": peaks,
        "rows": (ours.traffic.rows_sent, 2 * size.tokens_per_rank),
    }
