"""The differentiable all-to-all-v between ranks and experts (expert parallelism; paper §2.2).

Rows leave sorted by global expert and arrive grouped by local expert; `back` is the same path in reverse. The backward
pass of either direction is an all-to-all the other way, through the same wire: 4 per layer and step.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import once_differentiable

from lshmoe.groups import active_group_rank, active_group_size
from lshmoe.reduction import Reduced, Reduction
from lshmoe.segments import Segments, occurrences, segment_sum, spread
from lshmoe.traffic import Traffic
from lshmoe.wire import NativeWire, PhasedWire, Wire

ApplyExperts = Callable[[Tensor, Tensor], Tensor]
"""Rows ``[S, D]`` grouped by local expert, and int64 ``[L]`` on the CPU, rows per local expert → outputs ``[S, D]``."""
Observe = Callable[[int, Tensor | None], None]
"""Told what becomes of a rank's own routed rows: ``num_sent`` and ``assignment_R`` of :class:`~lshmoe.Routing`."""


@dataclass(frozen=True)
class Routes:
    """Which experts a rank's tokens go to: a routed row per (token, expert), sorted by expert.

    Attributes:
        tokens: the token of each routed row.
        weights_R: ``[R]``, gate weights.
        counts_E: int64 ``[E]``, routed rows per global expert.
    """

    tokens: Segments
    weights_R: Tensor
    counts_E: Tensor

    @classmethod
    def of(cls, ids_NK: Tensor, weights_NK: Tensor, num_experts: int, capacity: int | None = None) -> "Routes":
        """The routes that a gate chose.

        Args:
            ids_NK: int64 ``[N, K]``, experts of each token.
            weights_NK: ``[N, K]``, their gate weights.
            num_experts: E.
            capacity: rows that an expert keeps, the first ones; ``None`` keeps all.
        """
        num_tokens, k = ids_NK.shape
        experts_R = ids_NK.flatten()
        order_R = torch.argsort(experts_R, stable=True)
        counts_E = occurrences(experts_R, num_experts)
        if capacity is not None:
            starts_E = counts_E.cumsum(0) - counts_E
            place_R = torch.arange(order_R.shape[0], device=order_R.device) - starts_E[experts_R[order_R]]
            order_R = order_R[place_R < capacity]
            counts_E = counts_E.clamp(max=capacity)
        return cls(Segments.from_assignment(order_R // k, num_tokens), weights_NK.flatten()[order_R], counts_E)


@dataclass(frozen=True)
class Received:
    """Rows that arrived for the experts of this rank.

    Attributes:
        rows_SD: ``[S, D]``, grouped by local expert, inside an expert by source rank.
        counts_L: int64 ``[L]`` on the CPU, rows per local expert.
        back: outputs ``[S, D]`` in the same order → outputs ``[C, D]`` in the sender's order.
    """

    rows_SD: Tensor
    counts_L: Tensor
    back: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class FlatPlan:
    """Who sends how many rows to whom.

    Attributes:
        send_W: rows to each rank.
        receive_W: rows from each rank.
        counts_WL: int64 ``[W, L]`` on the CPU, rows arriving per source rank and local expert.
    """

    send_W: list[int]
    receive_W: list[int]
    counts_WL: Tensor


@dataclass(frozen=True)
class Path:
    """What both directions of one exchange of rows need.

    Attributes:
        plan: what :meth:`Exchange.route` needs.
        counts_WL: int64 ``[W, L]`` on the CPU, rows arriving per source rank and local expert.
        to_experts: int64 ``[S]``, which arriving row stands at each place of the experts' order.
    """

    plan: Any
    counts_WL: Tensor
    to_experts: Tensor


def block_permutation(sizes_B: Tensor, order_B: Tensor, num_rows: int) -> Tensor:
    """Row index that rearranges consecutive blocks of rows; waits for no GPU.

    Args:
        sizes_B: int64 ``[B]``, rows per block, in the present order.
        order_B: int64 ``[B]``, the block that shall stand at each place.
        num_rows: R, the sum of ``sizes_B``.

    Returns:
        int64 ``[R]``, so that ``rows[index]`` has the blocks in the new order.
    """
    starts_B = sizes_B.cumsum(0) - sizes_B
    moved_B = sizes_B[order_B]
    shift_B = starts_B[order_B] - (moved_B.cumsum(0) - moved_B)
    shift_R = torch.repeat_interleave(shift_B, moved_B, output_size=num_rows)
    return shift_R + torch.arange(num_rows, device=sizes_B.device)


class Exchange:
    """Flat all-to-all-v over a process group; without one, everything stays on this process.

    Args:
        group: process group of the expert-parallel ranks; ``None`` is the default group when torch.distributed is
            initialised, else a single process.
        wire: encoding of the rows, or one encoding per phase; ``None`` is :class:`~lshmoe.wire.NativeWire`.
        ranks_per_server: G; consecutive ranks of the group share a server. Here only the meters ask for it.

    Attributes:
        collective: what moves rows, called like :func:`torch.distributed.all_to_all_single`; a bench may put a slower
            one in its place.
        replicas: process group of the ranks that hold copies of this rank's experts, over which gradients of experts
            are averaged; :func:`~lshmoe.data_parallel` sets it where the group is smaller than the world.

    A deep copy shares the process groups and has meters of its own.

    Raises:
        ValueError: if ``ranks_per_server`` is not positive or does not divide the number of ranks, or this process is
            not in ``group``.
    """

    def __init__(
        self, group: dist.ProcessGroup | None = None, wire: Wire | PhasedWire | None = None, ranks_per_server: int = 1
    ) -> None:
        if ranks_per_server < 1:
            raise ValueError(f"ranks_per_server: must be 1 or more, got {ranks_per_server}")
        self.group, self.ranks_per_server = group, ranks_per_server
        self.wire: Wire | PhasedWire = NativeWire() if wire is None else wire
        self.world_size, self.rank = active_group_size(group), active_group_rank(group)
        if self.rank < 0:
            raise ValueError("group: this process is not in it; give each rank the group that it is a member of")
        self.replicas: dist.ProcessGroup | None = None
        self.traffic = Traffic()
        self.collective: Callable[..., Any] = dist.all_to_all_single
        self.server_of = {0: 0}  # by global rank
        if self.world_size > 1:
            if self.world_size % ranks_per_server:
                raise ValueError(f"ranks_per_server: {ranks_per_server} does not divide the {self.world_size} ranks")
            ranks = dist.get_process_group_ranks(group)
            self.server_of = {rank: place // ranks_per_server for place, rank in enumerate(ranks)}

    def __deepcopy__(self, memo: dict[int, Any]) -> "Exchange":
        copied = type(self).__new__(type(self))
        memo[id(self)] = copied
        shared = {"traffic": Traffic(), "collective": self.collective}
        for name, value in vars(self).items():
            keep = isinstance(value, dist.ProcessGroup)
            setattr(copied, name, value if keep else shared.get(name) or deepcopy(value, memo))
        return copied

    def __getstate__(self) -> dict[str, Any]:
        if any(isinstance(value, dist.ProcessGroup) for value in vars(self).values()):
            raise TypeError(
                "a MoE layer with process groups of its own cannot be pickled; save its state_dict() instead"
            )
        return vars(self) | {"traffic": Traffic()}

    def refuse_other_ranks(self) -> None:
        """Check that the process group is still what it was when this exchange was made.

        Raises:
            RuntimeError: if it is not, as when torch.distributed was initialised afterwards.
        """
        size, rank = active_group_size(self.group), active_group_rank(self.group)
        if (size, rank) != (self.world_size, self.rank):
            raise RuntimeError(
                f"MoE layer made as rank {self.rank} of {self.world_size} is used as rank {rank} of {size}; make the "
                "model after torch.distributed.init_process_group, on every rank"
            )

    def carry(
        self, x_ND: Tensor, routes: Routes, reduction: Reduction, experts: ApplyExperts, observe: Observe
    ) -> Tensor:
        """Take tokens to their experts and back: all of a layer between its gate and its output.

        Args:
            x_ND: ``[N, D]``, tokens of this rank.
            routes: their experts.
            reduction: which rows travel.
            experts: applies this rank's experts.
            observe: told about the rows before anything is sent.

        Returns:
            ``[N, D]``, for each token the weighted sum of its experts' outputs; differentiable.

        Raises:
            ValueError: if rows of this reduction cannot go this way.
        """
        reduced = self.reduce(reduction, spread(x_ND, routes.tokens), routes.counts_E)
        observe(reduced.rows_CD.shape[0], reduced.assignment_R)
        received = self(reduced.rows_CD, reduced.counts_E)
        outputs_SD = experts(received.rows_SD, received.counts_L)
        outputs_RD = reduced.restore(received.back(outputs_SD))
        return segment_sum(outputs_RD, routes.tokens, routes.weights_R)

    def reduce(self, reduction: Reduction, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Choose the rows to send, metered."""
        with self.traffic.clock("reduction", rows_RD.device):
            reduced: Reduced = reduction(rows_RD, counts_E)
        self.traffic.rows_sent += reduced.rows_CD.shape[0]
        return reduced

    def check_reduction(self, reduction: Reduction) -> None:
        """Refuse a reduction whose rows cannot go this way.

        Raises:
            ValueError: if they cannot. Along this exchange all can.
        """

    def __call__(self, rows_CD: Tensor, counts_E: Tensor) -> Received:
        """Send rows to the ranks of their experts.

        Args:
            rows_CD: ``[C, D]``, sorted by global expert.
            counts_E: int64 ``[E]``, rows per global expert; the world size divides E.

        Raises:
            RuntimeError: if the process group is not what it was when this exchange was made.
        """
        path = self.path(counts_E)
        return Received(self.dispatch(rows_CD, path), path.counts_WL.sum(0), partial(self.combine, path=path))

    def path(self, counts_E: Tensor) -> Path:
        """Agree with the other ranks on who sends how many rows to whom; arguments and errors of :meth:`__call__`."""
        self.refuse_other_ranks()
        plan = self.plan(counts_E)
        counts_WL: Tensor = plan.counts_WL
        # Arrival order is (source rank, local expert); experts want (local expert, source rank).
        number_WL = torch.arange(counts_WL.numel(), device=counts_E.device).view_as(counts_WL)
        sizes_B = counts_WL.flatten().to(counts_E.device)
        to_experts = block_permutation(sizes_B, number_WL.T.flatten(), int(counts_WL.sum()))
        return Path(plan, counts_WL, to_experts)

    def dispatch(self, rows_CD: Tensor, path: Path) -> Tensor:
        """Rows in the sender's order ``[C, D]`` → in the experts' order ``[S, D]``; differentiable."""
        rows_SD: Tensor = _Transfer.apply(rows_CD, self, path, "dispatch")
        return rows_SD

    def combine(self, outputs_SD: Tensor, path: Path) -> Tensor:
        """Rows in the experts' order ``[S, D]`` → in the sender's order ``[C, D]``; differentiable."""
        outputs_CD: Tensor = _Transfer.apply(outputs_SD, self, path, "combine")
        return outputs_CD

    def over(self, group: dist.ProcessGroup | None, ranks_per_server: int, wire: Wire | None = None) -> "Exchange":
        """A flat exchange over some of the ranks with this one's meters and collective, and its wire unless given.

        It lasts for one forward pass: a copy of the whole would not share its meters with it.

        Raises:
            RuntimeError: as for :meth:`__call__`.
        """
        self.refuse_other_ranks()
        part = Exchange(group, self.wire if wire is None else wire, ranks_per_server)
        part.traffic, part.collective = self.traffic, self.collective
        return part

    # -- the path: what another exchange overrides -------------------------------------------------------------------

    def plan(self, counts_E: Tensor) -> Any:
        """Exchange the counts; return what :meth:`route` needs, and ``counts_WL`` as in :class:`FlatPlan`."""
        send_WL = counts_E.view(self.world_size, -1)
        receive_WL = self.all_to_all_counts(send_WL, self.group)
        send_WL, receive_WL = torch.stack([send_WL, receive_WL]).cpu()  # the one wait for the device
        return FlatPlan(send_WL.sum(1).tolist(), receive_WL.sum(1).tolist(), receive_WL)

    def route(self, rows: Tensor, plan: Any, reverse: bool, phase: str) -> Tensor:
        """Move packed rows ``[C, width]`` along the path, or back along it."""
        send, receive = (plan.receive_W, plan.send_W) if reverse else (plan.send_W, plan.receive_W)
        return self.all_to_all(rows, send, receive, self.group, phase)

    # -- shared steps ------------------------------------------------------------------------------------------------

    def all_to_all_counts(self, send_WL: Tensor, group: dist.ProcessGroup | None) -> Tensor:
        """All-to-all of one equal block of int64 counts per rank of ``group``."""
        blocks = send_WL.shape[0]
        return self.all_to_all(send_WL.contiguous(), [1] * blocks, [1] * blocks, group, "counts")

    def all_to_all(
        self, rows: Tensor, send: list[int], receive: list[int], group: dist.ProcessGroup | None, phase: str
    ) -> Tensor:
        """One metered all-to-all-v of whole rows among the ranks of ``group``."""
        if len(send) == 1:
            return rows
        own = dist.get_rank(group)
        row_bytes = rows[:1].nbytes if len(rows) else rows.new_empty(1, *rows.shape[1:]).nbytes
        self.traffic.bytes[phase] += sum(send) * row_bytes
        self.traffic.remote_bytes[phase] += (sum(send) - send[own]) * row_bytes
        servers = [self.server_of[rank] for rank in dist.get_process_group_ranks(group)]
        leaving = sum(count for count, server in zip(send, servers, strict=True) if server != servers[own])
        self.traffic.inter_server_bytes[phase] += leaving * row_bytes
        received = rows.new_empty(sum(receive), *rows.shape[1:])
        with self.traffic.clock(phase, rows.device):
            self.collective(received, rows.contiguous(), receive, send, group=group)
        return received

    def _send(self, rows: Tensor, plan: Any, reverse: bool, phase: str) -> Tensor:
        """Pack, route and unpack; one message whatever the number of parts."""
        dim, dtype = rows.shape[1], rows.dtype
        wire = self.wire.for_phase(phase) if isinstance(self.wire, PhasedWire) else self.wire
        parts = wire.pack(rows)
        if self.world_size == 1:
            # The wire still rounds, so that one process computes what many do.
            self.traffic.bytes[phase] += sum(part.nbytes for part in parts)
            return wire.unpack(parts, dim, dtype)
        if len(parts) == 1:
            return wire.unpack((self.route(parts[0], plan, reverse, phase),), dim, dtype)
        as_bytes = [part.contiguous().view(torch.uint8) for part in parts]
        routed = self.route(torch.cat(as_bytes, 1), plan, reverse, phase)
        pieces = torch.split(routed, [piece.shape[1] for piece in as_bytes], 1)
        # A copy starts at offset 0, which a view as a wider type needs.
        received = tuple(
            piece.clone(memory_format=torch.contiguous_format).view(part.dtype)
            for piece, part in zip(pieces, parts, strict=True)
        )
        return wire.unpack(received, dim, dtype)

    def forward_rows(self, rows: Tensor, path: Path, phase: str) -> Tensor:
        """Sender's order → expert order."""
        arrived = self._send(rows, path.plan, False, phase)
        return arrived if self.world_size == 1 else arrived.index_select(0, path.to_experts)

    def return_rows(self, rows: Tensor, path: Path, phase: str) -> Tensor:
        """Expert order → sender's order."""
        if self.world_size > 1:
            rows = torch.empty_like(rows).index_copy_(0, path.to_experts, rows)
        return self._send(rows, path.plan, True, phase)


class _Transfer(torch.autograd.Function):
    """Rows one way, their gradients the other way, both through the wire."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, exchange: Exchange, path: Path, phase: str) -> Tensor:
        ctx.arguments = (exchange, path, phase)
        move = exchange.forward_rows if phase == "dispatch" else exchange.return_rows
        moved = move(rows, path, phase)
        # One process with a native wire moves nothing; autograd wants a tensor of its own all the same.
        return moved.view_as(moved) if moved is rows else moved

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        exchange, path, phase = ctx.arguments
        move = exchange.return_rows if phase == "dispatch" else exchange.forward_rows
        return move(grads[0].contiguous(), path, f"{phase}_backward"), None, None, None
