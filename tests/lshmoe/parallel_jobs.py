"""What the ranks of the data-parallel tests run; importable, so that spawned processes find it."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict, set_optimizer_state_dict
from torch.distributed.fsdp.sharded_grad_scaler import ShardedGradScaler
from torch.utils.checkpoint import checkpoint

import baselines
from lshmoe import Exchange, MoELayer, clip_grad_norm, data_parallel, lsh_reduction, reshard

DIM, HIDDEN, EXPERTS, TOKENS = 16, 24, 4, 64
EXCHANGES: dict[str, type[Exchange]] = {
    "hierarchical": baselines.HierarchicalExchange,
    "bridge": baselines.BridgeExchange,
    "dedup": baselines.DedupExchange,
    "hierarchical dedup": baselines.HierarchicalDedupExchange,
}


def model_of(**options: Any) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(DIM, DIM), MoELayer(DIM, HIDDEN, EXPERTS, **options)).double()


def tokens(seed: int, share: int = 0, of: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(TOKENS, DIM, generator=generator, dtype=torch.float64).chunk(of)[share]


def train(model: nn.Module, parallel: nn.Module, steps: int = 3) -> list[float]:
    """SGD on a mean loss with the balance loss and clipping; returns the norms before clipping."""
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    optimizer, norms = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.5), []
    for step in range(steps):
        loss = parallel(tokens(step, rank, world)).square().mean()
        (loss + 0.01 * model[1].balance_loss).backward()
        norms.append(float(clip_grad_norm(model, 0.5)))
        optimizer.step()
        optimizer.zero_grad()
    return norms


def pair() -> dist.ProcessGroup:
    """The expert-parallel group of this rank: ranks 0 and 1, or 2 and 3."""
    return [dist.new_group([0, 1]), dist.new_group([2, 3])][dist.get_rank() // 2]


def message(function: Callable[[], Any]) -> str:
    try:
        function()
    except (RuntimeError, ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def trained(**options: Any) -> tuple[dict[str, Tensor], list[float]]:
    model = model_of(**options)
    norms = train(model, data_parallel(model))
    return dict(model.state_dict()), norms


def four_ranks() -> dict[str, Any]:
    """Two expert-parallel groups of two ranks."""
    group = pair()
    unwrapped = model_of(group=group)
    copied = model_of(group=group)
    data_parallel(copied)(tokens(0))
    frozen = model_of(group=group)
    frozen[0].requires_grad_(False)
    frozen[1].gate.requires_grad_(False)
    train(frozen, data_parallel(frozen))
    odd = [[0], [1, 2, 3]]
    uneven = [dist.new_group(ranks) for ranks in odd][dist.get_rank() > 0]
    return {
        "trained": trained(group=group),
        "other paths": {
            name: trained(exchange=kind(group, ranks_per_server=servers))
            for servers, (name, kind) in zip((2, 1, 2, 1), EXCHANGES.items(), strict=True)
        },
        "alone": trained(group=[dist.new_group([rank]) for rank in range(4)][dist.get_rank()]),
        "unwrapped": message(lambda: unwrapped(tokens(0))),
        "evaluated": message(lambda: unwrapped.eval()(tokens(0))),
        "copies share": deepcopy(copied)[1].exchange.replicas is copied[1].exchange.replicas,
        "pickled": message(lambda: torch.save(copied, "/dev/null")),
        "only experts train": dict(frozen.state_dict()),
        "uneven": message(lambda: data_parallel(nn.Sequential(MoELayer(DIM, HIDDEN, 3, group=uneven)))),
        "not mine": message(lambda: MoELayer(DIM, HIDDEN, EXPERTS, group=dist.new_group([0])))
        if dist.get_rank()
        else dist.new_group([0]) and "",
    }


def two_ranks() -> dict[str, Any]:
    with patch("torch.distributed.is_initialized", return_value=False):
        early = model_of()
        other_early = [model_of(exchange=kind()) for kind in EXCHANGES.values()]
    tied = model_of()
    tied.append(nn.Linear(2, 2))
    tied[2].bias = tied[1].experts.b2_LD
    copied = deepcopy(model_of())
    norms = train(copied, data_parallel(copied))
    return {
        "trained": trained(),
        "early": [
            message(lambda: data_parallel(early)),
            *(message(partial(model, tokens(0))) for model in (early, *other_early)),
        ],
        "tied": message(lambda: data_parallel(tied)),
        "copied": (dict(copied.state_dict()), norms),
        "scaler": scaler_steps(),
        "recompute": recompute_with_few_tokens(),
        "state": state_of_the_wrong_rank(),
        "half": half_precision(),
    }


def scaler_steps() -> list[tuple[float, Tensor, Tensor]]:
    """Scale and weights after each of four steps; in the third, one expert's gradient on rank 0 overflows."""
    model = model_of().float()
    parallel, optimizer = data_parallel(model), torch.optim.AdamW(model.parameters(), 1e-2)
    scaler, seen = ShardedGradScaler("cpu", init_scale=8.0), []
    for step in range(4):
        loss = parallel(tokens(step, dist.get_rank(), 2).float()).square().mean() + 0.01 * model[1].balance_loss
        scaler.scale(loss).backward()
        if step == 2 and dist.get_rank() == 0:
            model[1].experts.w1_LDF.grad[0, 0, 0] = float("inf")
        scaler.unscale_(optimizer)
        clip_grad_norm(model, 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        weights = [parameter.detach().clone().flatten() for parameter in model.parameters()]
        seen.append((scaler.get_scale(), weights[0], torch.cat(weights)))
    return seen


def recompute_with_few_tokens() -> bool:
    """Recompute where rank 0 has no tokens at all: whether gradients are those without it."""
    found = []
    for again in (False, True):
        model = model_of(reduction=lsh_reduction(DIM))
        parallel = data_parallel(model)
        x = tokens(0)[: 9 * dist.get_rank()].requires_grad_()
        out = checkpoint(parallel, x, use_reentrant=False) if again else parallel(x)
        (out.sum() + model[1].balance_loss).backward()
        found.append([x.grad, *(parameter.grad for parameter in model.parameters()), model[1].traffic.bytes])
    return (
        all(torch.equal(a, b) for a, b in zip(found[0][:-1], found[1][:-1], strict=True))
        and found[0][-1] == found[1][-1]
    )


def state_of_the_wrong_rank() -> str:
    model = model_of()
    states: list[Any] = [None, None]
    dist.all_gather_object(states, model.state_dict())
    return message(lambda: model.load_state_dict(states[0]))


def half_precision() -> dict[str, bool]:
    """Whether gradients over every wire are finite in 16-bit types."""
    finite = {}
    for dtype in (torch.float16, torch.bfloat16):
        for wire in (None, baselines.FP8Wire(), baselines.Int8Wire(), baselines.Int4Wire()):
            model = model_of(wire=wire, reduction=lsh_reduction(DIM)).to(dtype)
            data_parallel(model)(tokens(dist.get_rank()).to(dtype)).square().mean().backward()
            finite[f"{dtype} {type(wire).__name__}"] = all(p.grad.isfinite().all() for p in model.parameters())
    return finite


def adam_state(steps: int, states: list[dict[str, Any]] | None = None) -> tuple[dict[str, Any], float]:
    """Train by Adam, from ``states`` (resharded for this world) if given; returns all that a checkpoint holds."""
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    model = model_of()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    if states is not None:
        own = deepcopy(reshard(states, world)[rank])  # spawned ranks share the memory of what they are given
        model.load_state_dict(own["model"])
        set_optimizer_state_dict(model, optimizer, own["optimizer"])
    parallel, loss = data_parallel(model), torch.zeros(())
    for step in range(steps):
        loss = parallel(tokens(step, rank, world)).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    total = loss.detach() / world
    if world > 1:
        dist.all_reduce(total)
    return {"model": model.state_dict(), "optimizer": get_optimizer_state_dict(model, optimizer)}, float(total)


def adam_losses(steps: int, starts: list[list[dict[str, Any]]]) -> list[float]:
    """The last loss of training that goes on from each of ``starts``."""
    return [adam_state(steps, states)[1] for states in starts]
