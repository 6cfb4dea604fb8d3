"""What the ranks of the exchange tests run; importable, so that spawned processes find it."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from baselines import HierarchicalExchange, Int8Wire, RandomClusters
from lshmoe import Exchange, MoELayer, derive_seed
from tests.baselines import combinations

DIM, EXPERTS = 7, 8


def run_layer(exchange: Exchange, tokens: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Forward and backward of a layer over ``exchange``: tensors to compare, and the traffic."""
    layer = MoELayer(DIM, 9, EXPERTS, reduction=RandomClusters(DIM, rate=0.7), exchange=exchange)
    x = torch.randn(tokens, DIM, generator=torch.Generator().manual_seed(dist.get_rank())).requires_grad_()
    out = layer(x)
    (out.square().sum() + layer.balance_loss).backward()
    gradients = {name: parameter.grad for name, parameter in layer.named_parameters()}
    traffic = {"bytes": dict(layer.traffic.bytes), "remote": dict(layer.traffic.remote_bytes)}
    return {"out": out.detach(), "x": x.grad, **gradients}, traffic | {"rows": layer.traffic.rows_sent}


def both_paths(ranks_per_server: int, quantised: bool) -> list[Any]:
    """Flat and hierarchical results for an uneven, an empty and a one-row share."""
    results = []
    for tokens in (20 + 3 * dist.get_rank(), 11 * (dist.get_rank() % 2), 1):
        wire = Int8Wire() if quantised else None
        flat = run_layer(Exchange(wire=wire), tokens)
        results.append((flat, run_layer(HierarchicalExchange(None, wire, ranks_per_server), tokens)))
    return results


def both_paths_in_a_group(members: list[int], ranks_per_server: int) -> list[Any]:
    """As :func:`both_paths` on some ranks; the others return nothing."""
    group = dist.new_group(members)
    if dist.get_rank() not in members:
        return []
    tokens = 9 + dist.get_rank()
    return [
        run_layer(exchange, tokens)
        for exchange in (Exchange(group), HierarchicalExchange(group, None, ranks_per_server))
    ]


def bytes_there_and_back(ranks_per_server: int) -> dict[str, Any]:
    """Meters of one dispatch and combine, beside the rows that leave this rank and this rank's server."""
    rank, world = dist.get_rank(), dist.get_world_size()
    gen = torch.Generator().manual_seed(derive_seed("counts", rank))
    counts_E = torch.randint(0, 9, (EXPERTS,), generator=gen)
    exchange = HierarchicalExchange(ranks_per_server=ranks_per_server)
    received = exchange(torch.randn(int(counts_E.sum()), DIM), counts_E)
    received.back(received.rows_SD)
    rows_W = counts_E.view(world, -1).sum(1)
    elsewhere_W = torch.arange(world) // ranks_per_server != rank // ranks_per_server
    meters = {name: dict(getattr(exchange.traffic, name)) for name in ("bytes", "remote_bytes", "inter_server_bytes")}
    exchange.traffic.reset()
    assert not exchange.traffic.inter_server_bytes
    return meters | {"rows": int(rows_W.sum()), "rows_to_other_servers": int(rows_W[elsewhere_W].sum())}


def every_combination(exchange: str) -> list[dict[str, Any]]:
    """Forward and backward of each reduction × wire over ``exchange`` on this rank."""
    return [combinations.run(*names) for names in combinations.EVERY if names[2] == exchange]


def refusal(ranks_per_server: int) -> str:
    try:
        HierarchicalExchange(ranks_per_server=ranks_per_server)
    except ValueError as error:
        return str(error)
    return "no error"
