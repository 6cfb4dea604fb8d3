"""What the ranks of the exchange tests run; importable, so that spawned processes find it."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from baselines import HierarchicalExchange, Int8Wire, RandomClusters
from lshmoe import Exchange, MoELayer

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


def refusal(ranks_per_server: int) -> str:
    try:
        HierarchicalExchange(ranks_per_server=ranks_per_server)
    except ValueError as error:
        return str(error)
    return "no error"
