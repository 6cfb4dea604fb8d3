"""MoE models of Hugging Face transformers send their tokens by any reduction and exchange of this library.

transformers (5.23 and newer) keeps a registry of ways by which tokens reach experts on other ranks; :func:`register`
adds one. Gates, experts, sharding and checkpoints stay those of transformers::

    dispatch = register(reduction=lambda dim, number: lsh_reduction(dim, seed=number))
    config = DistributedConfig(ep_size=8, fsdp_size=8, ep_implementation="lshmoe")
    model = AutoModelForCausalLM.from_pretrained(folder, distributed_config=config)
    dispatch.layers[0].traffic  # rows and bytes of the first MoE layer
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from transformers.distributed.expert_parallel import EPImplementation, EPImplementationInterface

from lshmoe.exchange import Exchange, Routes
from lshmoe.layer import Routing
from lshmoe.reduction import IdentityReduction, Reduction

MakeReduction = Callable[[int, int], Reduction]
MakeExchange = Callable[[dist.ProcessGroup, int], Exchange]


class Dispatch:
    """A registered way to the experts; called by transformers once per MoE layer.

    Attributes:
        layers: what it made, in the order of the model's MoE layers; empty before a model is loaded.
    """

    def __init__(self, reduction: MakeReduction, exchange: MakeExchange, exact_in_evaluation: bool) -> None:
        self.reduction, self.exchange, self.exact_in_evaluation = reduction, exchange, exact_in_evaluation
        self.layers: list[ReducedExperts] = []

    def __call__(self, experts: nn.Module, ep_mesh: Any, tp_mesh: Any) -> "ReducedExperts":
        layer = ReducedExperts(experts, ep_mesh, tp_mesh, self, len(self.layers))
        self.layers.append(layer)
        return layer


def register(
    reduction: MakeReduction = lambda dim, number: IdentityReduction(),
    exchange: MakeExchange = lambda group, number: Exchange(group),
    exact_in_evaluation: bool = True,
    name: str = "lshmoe",
) -> Dispatch:
    """Offer transformers a way to the experts, for the next model that is loaded with ``ep_implementation=name``.

    Args:
        reduction: ``(width, number of the MoE layer) → reduction``; by default all rows travel.
        exchange: ``(process group, number of the MoE layer) → exchange``, with its wire; by default flat and native.
        exact_in_evaluation: models in evaluation mode (``model.eval()``, so also generation) send all rows, unencoded.
        name: for ``DistributedConfig(ep_implementation=name)``.
    """
    dispatch = Dispatch(reduction, exchange, exact_in_evaluation)
    EPImplementationInterface.register(name, dispatch)
    return dispatch


class ReducedExperts(EPImplementation):
    """The way to the experts of one MoE layer.

    Attributes:
        traffic: its meters.
        observers: each is called with a :class:`~lshmoe.Routing` in every forward pass.

    Raises:
        ValueError: with tensor parallelism, whose ranks share their tokens; or, at the first forward pass, for a
            reduction that learns, since no optimizer of the model would know its parameters.
    """

    def __init__(self, experts: nn.Module, ep_mesh: Any, tp_mesh: Any, dispatch: Dispatch, number: int) -> None:
        if tp_mesh.size() > 1:
            raise ValueError(f"tp_size: lshmoe needs 1, got {tp_mesh.size()}; shard dense layers by fsdp_size instead")
        super().__init__(experts, ep_mesh, tp_mesh)
        self.experts, self.dispatch, self.number = experts, dispatch, number
        local_experts: Any = experts.num_experts
        self.num_experts = int(local_experts) * ep_mesh.size()
        self.exchange = dispatch.exchange(ep_mesh.get_group(), number)
        self.exact = Exchange(ep_mesh.get_group())
        self.traffic = self.exact.traffic = self.exchange.traffic
        self.reduction: Reduction | None = None
        self.observers: list[Callable[[Routing], None]] = []

    def __call__(self, x_ND: Tensor, ids_NK: Tensor, weights_NK: Tensor) -> Tensor:
        """For each token ``[N, D]`` the weighted sum of its experts' outputs; ``ids_NK`` are global experts."""
        if self.reduction is None:
            self.reduction = self._make_reduction(x_ND)
        routes = Routes.of(ids_NK, weights_NK, self.num_experts)
        self.traffic.rows_routed += routes.weights_R.shape[0]
        reduction, exchange = self.reduction, self.exchange
        if self.dispatch.exact_in_evaluation and not self.experts.training:
            reduction, exchange = IdentityReduction(), self.exact

        def observe(num_sent: int, assignment_R: Tensor | None) -> None:
            for see in self.observers:
                see(Routing.of(x_ND, routes, num_sent, assignment_R))

        return exchange.carry(x_ND, routes, reduction, self._apply, observe)

    def _make_reduction(self, x_ND: Tensor) -> Reduction:
        reduction = self.dispatch.reduction(x_ND.shape[1], self.number).to(x_ND.device)
        if any(True for _ in reduction.parameters()):
            raise ValueError("reduction: has parameters, which no optimizer of the model would train; take a fixed one")
        self.exchange.check_reduction(reduction)
        return reduction

    def _apply(self, rows_SD: Tensor, counts_L: Tensor) -> Tensor:
        """Each row goes to one expert, with weight one: gate weights are applied where the token came from."""
        counts_L = counts_L.to(rows_SD.device)
        ids_S = torch.repeat_interleave(torch.arange(len(counts_L), device=rows_SD.device), counts_L)
        num_rows = len(ids_S)
        if not num_rows:  # one row of zeros keeps the experts in the graph, where FSDP waits for their gradients
            rows_SD, ids_S = rows_SD.sum(0, keepdim=True), ids_S.new_zeros(1)
        outputs_SD: Tensor = self.experts_forward(rows_SD, ids_S[:, None], rows_SD.new_ones(len(ids_S), 1))
        return outputs_SD[:num_rows]
