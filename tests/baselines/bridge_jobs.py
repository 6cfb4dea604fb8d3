"""What the ranks of the tests of the bridge run, and the single process that they are compared with."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from baselines import BridgeExchange, Int8Wire
from lshmoe import Exchange, IdentityReduction, MoELayer, Reduction, exact_dispatch, expert_of_rows, lsh_reduction

DIM, EXPERTS, WORLD = 8, 8, 4
REDUCTIONS = {
    "lsh": lambda: lsh_reduction(DIM, num_hashes=2, coordinates=2),
    "no compensation": lambda: lsh_reduction(DIM, num_hashes=2, coordinates=2, error_compensation=False),
    "half": lambda: lsh_reduction(DIM, num_hashes=2, coordinates=2, error_compensation=0.5),
}


def tokens_of(rank: int) -> Tensor:
    gen = torch.Generator().manual_seed(rank)
    return torch.randn(0 if rank == 3 else 60 + 7 * rank, DIM, generator=gen, dtype=torch.float64)


def run_layer(exchange: Exchange, reduction: Reduction) -> dict[str, Any]:
    layer = MoELayer(DIM, 9, EXPERTS, reduction=reduction, exchange=exchange).double()
    x = tokens_of(dist.get_rank()).requires_grad_()
    out = layer(x)
    out.square().sum().backward()
    gradients = {name: parameter.grad for name, parameter in layer.named_parameters()}
    return {
        "tensors": {"out": out.detach(), "x": x.grad, **gradients},
        "rows": (layer.traffic.rows_routed, layer.traffic.rows_sent),
        "inter_server_bytes": dict(layer.traffic.inter_server_bytes),
    }


def run_exactly(exchange: Exchange, reduction: Reduction) -> dict[str, Tensor]:
    layer = MoELayer(DIM, 9, EXPERTS, reduction=reduction, exchange=exchange).double()
    x = tokens_of(dist.get_rank()).requires_grad_()
    with exact_dispatch(layer):
        out = layer(x)
        out.square().sum().backward()
    return {"out": out.detach(), "x": x.grad}


def over_the_bridge(ranks_per_server: int) -> dict[str, Any]:
    """Every reduction over the bridge, the identity over it and over the flat exchange."""

    def bridge(wire: Any = None) -> BridgeExchange:
        return BridgeExchange(None, wire, ranks_per_server)

    answers = {name: run_layer(bridge(), make()) for name, make in REDUCTIONS.items()}
    answers["identity"] = run_layer(bridge(), IdentityReduction())
    answers["int8"] = run_layer(bridge(Int8Wire()), REDUCTIONS["lsh"]())
    answers["exact dispatch"] = run_exactly(bridge(Int8Wire()), REDUCTIONS["lsh"]())
    answers["vanilla"] = run_layer(Exchange(None, None, ranks_per_server), IdentityReduction())
    return answers


def single_process(reduction: Reduction, ranks_per_server: int) -> dict[str, Any]:
    """The same function by plain autograd: each server reduces its rows for the experts of other servers."""
    layer = MoELayer(DIM, 9, EXPERTS).double()
    inputs = [tokens_of(rank).requires_grad_() for rank in range(WORLD)]
    for x in inputs:
        x.grad = torch.zeros_like(x)
    per_server = EXPERTS * ranks_per_server // WORLD
    outs = [torch.zeros(len(x), DIM, dtype=torch.float64) for x in inputs]
    foreign, reduced_to, own = 0, 0, 0
    for server in range(WORLD // ranks_per_server):
        rows, owners, experts = [], [], []
        for expert in range(EXPERTS):
            for rank in range(server * ranks_per_server, (server + 1) * ranks_per_server):
                ids_NK, weights_NK, _ = layer.gate(inputs[rank])
                token, choice = (ids_NK == expert).nonzero(as_tuple=True)
                rows.append(inputs[rank][token])
                owners += list(zip([rank] * len(token), token.tolist(), weights_NK[token, choice], strict=True))
                experts += [expert] * len(token)
        rows_RD, expert_R = torch.cat(rows), torch.tensor(experts, dtype=torch.int64)
        own_R = expert_R // per_server == server
        outputs_RD = torch.zeros_like(rows_RD)
        outputs_RD[own_R] = apply(layer, rows_RD[own_R], expert_R[own_R])
        reduced = reduction(rows_RD[~own_R], torch.bincount(expert_R[~own_R], minlength=EXPERTS))
        sent_expert_C = expert_of_rows(reduced.counts_E, len(reduced.rows_CD))
        outputs_RD[~own_R] = reduced.restore(apply(layer, reduced.rows_CD, sent_expert_C))
        foreign, reduced_to, own = (
            foreign + int((~own_R).sum()),
            reduced_to + len(reduced.rows_CD),
            own + int(own_R.sum()),
        )
        for (rank, token, weight), output in zip(owners, outputs_RD, strict=True):
            outs[rank] = outs[rank].index_add(0, torch.tensor([token]), (weight * output)[None])
    sum(out.square().sum() for out in outs).backward()
    return {
        "out": [out.detach() for out in outs],
        "x": [x.grad for x in inputs],
        "experts": {name: parameter.grad / WORLD for name, parameter in layer.experts.named_parameters()},
        "gate": layer.gate.weight.grad,
        "sent": own + reduced_to,
        "rate between servers": reduced_to / max(foreign, 1),
    }


def apply(layer: MoELayer, rows: Tensor, experts: Tensor) -> Tensor:
    w1, b1, w2, b2 = (parameter[experts] for parameter in layer.experts.parameters())
    hidden = torch.nn.functional.gelu((rows[:, None] @ w1)[:, 0] + b1)
    return (hidden[:, None] @ w2)[:, 0] + b2
