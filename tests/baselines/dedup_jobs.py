"""What the ranks of the tests of dedup exchanges run; importable, so that spawned processes find it."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from baselines import BridgeExchange, DedupExchange, HierarchicalDedupExchange, Int8Wire
from lshmoe import Exchange, MoELayer, data_parallel

DIM, EXPERTS, TOP_K = 64, 8, 3
SHARES = ("uneven", "empty on odd ranks", "one token")


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def tokens(share: str) -> Tensor:
    count = {"uneven": 40 + 3 * rank(), "empty on odd ranks": 11 * (1 - rank() % 2), "one token": 1}[share]
    return torch.randn(count, DIM, generator=torch.Generator().manual_seed(rank()))


def run_layer(exchange: Exchange, share: str, **options: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Outputs and all gradients of a layer over ``exchange``, and its meters."""
    layer = MoELayer(DIM, 9, EXPERTS, TOP_K, exchange=exchange, **options)
    x = tokens(share).requires_grad_()
    # Ranks that are not all must say over whom gradients are averaged.
    out = (layer if exchange.group is None else data_parallel(layer, exchange.group))(x)
    (out.square().sum() + layer.balance_loss).backward()
    gradients = {name: parameter.grad for name, parameter in layer.named_parameters()}
    meters = {name: dict(getattr(layer.traffic, name)) for name in ("bytes", "remote_bytes", "inter_server_bytes")}
    meters["rows"] = (layer.traffic.rows_routed, layer.traffic.rows_sent)
    return {"out": out.detach(), "x": x.grad, **gradients}, meters | {"experts": layer.gate(x, group=exchange.group)[0]}


def against_vanilla(ranks_per_server: int) -> dict[str, Any]:
    """Vanilla, both dedup exchanges, with shares of tokens, a capacity and a wire."""
    made = {"dedup": DedupExchange, "hierarchical": HierarchicalDedupExchange}
    answers: dict[str, Any] = {}
    for share in SHARES:
        answers[share] = {"vanilla": run_layer(Exchange(), share)}
        for name, kind in made.items():
            answers[share][name] = run_layer(kind(ranks_per_server=ranks_per_server), share)
    answers["capacity"] = {
        name: run_layer(kind(ranks_per_server=ranks_per_server), "uneven", capacity_factor=0.5)
        for name, kind in {"vanilla": Exchange, **made}.items()
    }
    answers["int8"] = {
        name: run_layer(kind(wire=Int8Wire(), ranks_per_server=ranks_per_server), "uneven")
        for name, kind in {"vanilla": Exchange, **made}.items()
    }
    return answers


def in_a_group(members: list[int], ranks_per_server: int) -> list[dict[str, Tensor]]:
    """Exchanges that all compute vanilla's function, on some of the ranks; the others return nothing."""
    group = dist.new_group(members)
    if dist.get_rank() not in members:
        return []
    kinds = (Exchange, DedupExchange, HierarchicalDedupExchange, BridgeExchange)
    return [run_layer(kind(group, None, ranks_per_server), "uneven")[0] for kind in kinds]
