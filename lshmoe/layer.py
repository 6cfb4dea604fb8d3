"""The mixture-of-experts layer: gate → reduction → exchange → experts → exchange → restore → combine."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lshmoe.eager import eager, recomputing
from lshmoe.exchange import Exchange, Routes
from lshmoe.experts import Experts
from lshmoe.gate import TopKGate
from lshmoe.groups import active_group_size
from lshmoe.reduction import IdentityReduction, Reduction
from lshmoe.segments import spread
from lshmoe.traffic import Traffic
from lshmoe.wire import NativeWire, PhasedWire, Wire


class NonFiniteRowError(RuntimeError):
    """A NaN or infinite token reached a layer; the message names the layer and the rank."""


@dataclass(frozen=True)
class Routing:
    """What observers of a layer see in each forward pass, after the reduction and before anything is sent.

    Attributes:
        rows_RD: ``[R, D]``, the routed rows, sorted by expert; detached.
        counts_E: int64 ``[E]``, rows per expert.
        token_R: int64 ``[R]``, the token that each row is a copy of: its place among all tokens of the layer's input.
        num_sent: C, rows that are sent.
        assignment_R: as in :class:`~lshmoe.reduction.Reduced`.
    """

    rows_RD: Tensor
    counts_E: Tensor
    token_R: Tensor
    num_sent: int
    assignment_R: Tensor | None

    @classmethod
    def of(cls, x_ND: Tensor, routes: Routes, num_sent: int, assignment_R: Tensor | None) -> "Routing":
        """What observers see of tokens ``[N, D]`` that take these routes."""
        rows_RD = spread(x_ND.detach(), routes.tokens)
        return cls(rows_RD, routes.counts_E, routes.tokens.assignment_R, num_sent, assignment_R)


class MoELayer(nn.Module):
    """Expert-parallel MoE layer whose traffic can be reduced and encoded (paper §2.2, §3.2).

    Args:
        dim: width D.
        hidden_dim: hidden width F of an expert.
        num_experts: E over all ranks; the world size divides it.
        top_k: experts per token.
        reduction: which rows travel; ``None`` sends all.
        wire: how a row is encoded, perhaps in each phase; ``None`` sends it in its own type.
        group: expert-parallel process group; ``None`` is the default group if there is one.
        seed: draws gate and experts, the same whatever the world size.
        exchange: the path, when it is not the flat one; it then brings its own wire and group.
        capacity_factor: ``None`` drops nothing; else experts keep the first ``ceil(factor·N·K/E)`` rows of each rank.
        activation: ``"gelu"`` or ``"relu"``.
        check_finite: watch for NaN and infinite tokens. On a CPU the forward pass raises :class:`NonFiniteRowError`; a
            GPU is not read in between: there :meth:`refuse_non_finite` raises when it is called.
        name: how errors call this layer.

    Attributes:
        balance_loss: scalar, of the last forward pass.
        routed_N: bool ``[N]`` on the layer's device, or ``None``: the tokens of the coming inputs that are routed; the
            others (padding) are seen by no expert and get zeros.
        observers: each is called with a :class:`Routing` in every forward pass, but not again in a recomputed one.

    Use by others: a copy (``copy.deepcopy``, EMA) has meters of its own and no graph in ``balance_loss``. torch.compile
    leaves the layer as it is, one graph break per layer. Activation recompute needs ``use_reentrant=False``.

    Raises:
        ValueError: if sizes do not fit, or both ``exchange`` and one of ``wire``, ``group`` are given, or the
            rows of ``reduction`` cannot go the way of ``exchange``.
    """

    def __init__(
        self,
        dim: int,
        hidden_dim: int,
        num_experts: int,
        top_k: int = 2,
        reduction: Reduction | None = None,
        wire: Wire | PhasedWire | None = None,
        group: dist.ProcessGroup | None = None,
        seed: int = 0,
        exchange: Exchange | None = None,
        capacity_factor: float | None = None,
        activation: str = "gelu",
        check_finite: bool = False,
        name: str = "moe",
    ) -> None:
        super().__init__()
        if exchange is not None and (wire is not None or group is not None):
            raise ValueError("exchange: brings its own wire and group; give either exchange, or wire and group")
        if capacity_factor is not None and capacity_factor <= 0:
            raise ValueError(f"capacity_factor: must be positive or None, got {capacity_factor}")
        self.exchange = Exchange(group, wire) if exchange is None else exchange
        world_size, rank = self.exchange.world_size, self.exchange.rank
        if num_experts % world_size:
            raise ValueError(f"num_experts: {num_experts} experts cannot be spread evenly over {world_size} ranks")
        local = num_experts // world_size
        self.dim, self.num_experts, self.name = dim, num_experts, name
        self.capacity_factor, self.check_finite = capacity_factor, check_finite
        self.gate = TopKGate(dim, num_experts, top_k, seed)
        self.reduction = IdentityReduction() if reduction is None else reduction
        self.exchange.check_reduction(self.reduction)
        self.experts = Experts(dim, hidden_dim, range(rank * local, (rank + 1) * local), world_size, activation, seed)
        self.balance_loss = torch.zeros(())
        self.routed_N: Tensor | None = None
        self.observers: list[Callable[[Routing], None]] = []
        self._seen: tuple[Tensor, Tensor] | None = None

    @property
    def traffic(self) -> Traffic:
        """Meters of rows, bytes and seconds since their last reset."""
        return self.exchange.traffic

    def refuse_non_finite(self) -> None:
        """Look at the last forward pass's tokens; waits for the device.

        Raises:
            NonFiniteRowError: if some are NaN or infinite, naming layer and rank.
        """
        seen, self._seen = self._seen, None
        if seen is None:
            return
        x_ND, total = seen
        if torch.isfinite(total):
            return
        bad = int((~torch.isfinite(x_ND)).any(-1).sum())
        if bad:
            raise NonFiniteRowError(
                f"layer {self.name}, rank {self.exchange.rank}: {bad} of {x_ND.shape[0]} rows are NaN or infinite"
            )

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"balance_loss": self.balance_loss.detach().clone(), "_seen": None}

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to tokens ``[..., D]``; returns the same shape and type.

        Raises:
            ValueError: if the last dimension is not D, or ``routed_N`` is for another number of tokens.
            RuntimeError: if the layer cannot be right: its process group is another one than when it was made; its
                experts have copies elsewhere that nothing keeps equal; recompute has lost the balance loss's gradient.
            NonFiniteRowError: as ``check_finite`` says.
        """
        if x.dim() == 0 or x.shape[-1] != self.dim:
            raise ValueError(f"x: layer {self.name} takes tokens of width {self.dim}, got shape {tuple(x.shape)}")
        if torch.is_autocast_enabled(x.device.type):
            dtype = torch.get_autocast_dtype(x.device.type)
            with torch.autocast(x.device.type, enabled=False):
                return self._forward(x.to(dtype)).to(x.dtype)
        return self._forward(x)

    @eager
    def _forward(self, x: Tensor) -> Tensor:
        x_ND = x.reshape(-1, self.dim)
        if self.routed_N is None:
            return self.route(x_ND, None).view(x.shape)
        if self.routed_N.shape[0] != x_ND.shape[0]:
            raise ValueError(f"routed_N: {self.routed_N.shape[0]} entries for {x_ND.shape[0]} tokens")
        places_M = self.routed_N.nonzero().flatten()
        routed_MD = self.route(x_ND.index_select(0, places_M), places_M)
        return torch.zeros_like(x_ND).index_copy(0, places_M, routed_MD).view(x.shape)

    def route(self, x_ND: Tensor, places_N: Tensor | None) -> Tensor:
        """The layer on tokens ``[N, D]``; ``places_N`` are their places in the input, for observers."""
        again = recomputing()
        with self.traffic.unmetered() if again else nullcontext():
            return self._route(x_ND, places_N, again)

    def _route(self, x_ND: Tensor, places_N: Tensor | None, again: bool) -> Tensor:
        if self.check_finite:
            # A sum is one pass and keeps every NaN and infinity; only then is it worth looking closer.
            self._seen = x_ND.detach(), x_ND.detach().sum()
            if not x_ND.is_cuda:
                self.refuse_non_finite()
        # 1. Route: rows sorted by expert, each remembering its token.
        ids_NK, weights_NK, balance_loss = self.gate(x_ND, self.traffic, self.exchange.group, self.exchange.replicas)
        self._keep_balance_loss(balance_loss, again)
        capacity = self.capacity_factor
        if capacity is not None:
            capacity = math.ceil(capacity * ids_NK.numel() / self.num_experts)
        routes = Routes.of(ids_NK, weights_NK, self.num_experts, capacity)
        self.traffic.rows_routed += routes.weights_R.shape[0]

        def experts(rows_SD: Tensor, counts_L: Tensor) -> Tensor:
            self._refuse_drifting_copies()
            outputs_SD: Tensor = self.experts(rows_SD, counts_L, self.traffic, self.exchange.replicas)
            return outputs_SD

        # 2. Reduce, dispatch, apply the experts, combine, weigh and sum over each token's experts.
        observe = partial(self._observe, x_ND, places_N, routes, again)
        return self.exchange.carry(x_ND, routes, self.reduction, experts, observe)

    def _keep_balance_loss(self, balance_loss: Tensor, again: bool) -> None:
        if not again:
            self.balance_loss = balance_loss
        elif balance_loss.requires_grad and not self.balance_loss.requires_grad:
            raise RuntimeError(
                f"layer {self.name}: the forward pass that is recomputed ran without gradients, so the balance loss "
                "has none; call torch.utils.checkpoint.checkpoint with use_reentrant=False"
            )

    def _refuse_drifting_copies(self) -> None:
        alone = self.exchange.replicas is not None or active_group_size(None) <= self.exchange.world_size
        if not alone and self.training and torch.is_grad_enabled():
            raise RuntimeError(
                f"layer {self.name}: its group has {self.exchange.world_size} of {active_group_size(None)} ranks, and "
                "nothing averages the gradients of its experts over their copies; wrap the model by "
                "lshmoe.data_parallel(model, group), with the group of all ranks that train this model"
            )

    def _observe(
        self,
        x_ND: Tensor,
        places_N: Tensor | None,
        routes: Routes,
        again: bool,
        num_sent: int,
        assignment_R: Tensor | None,
    ) -> None:
        if again or not self.observers:
            return
        routing = Routing.of(x_ND, routes, num_sent, assignment_R)
        if places_N is not None:
            routing = replace(routing, token_R=places_N[routing.token_R])
        for observe in self.observers:
            observe(routing)


def moe_layers(model: nn.Module) -> list[MoELayer]:
    """All MoE layers of a model, in order."""
    return [module for module in model.modules() if isinstance(module, MoELayer)]


@contextmanager
def exact_dispatch(model: nn.Module) -> Iterator[None]:
    """Inside this context MoE layers send all their rows, unencoded: what the weights compute without the method."""
    with ExitStack() as stack:
        for layer in moe_layers(model):
            stack.callback(setattr, layer, "reduction", layer.reduction)
            stack.callback(setattr, layer.exchange, "wire", layer.exchange.wire)
            layer.reduction = IdentityReduction()
            layer.exchange.wire = NativeWire()
        yield
