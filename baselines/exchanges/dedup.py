"""Each token goes once to each rank, or once to each server, that owns any of its experts: exact, with fewer rows."""

from collections.abc import Callable
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor

from baselines.exchanges.servers import server_groups
from lshmoe import (
    ApplyExperts,
    Exchange,
    IdentityReduction,
    NativeWire,
    Observe,
    PhasedWire,
    Reduction,
    Routes,
    Segments,
    Wire,
    expert_of_rows,
    occurrences,
    segment_sum,
    spread,
)

Visit = Callable[[Tensor, Routes], Tensor]
"""What becomes of arrived tokens ``[P, D]`` and their routes: one weighted row each, ``[P, D]``."""


class DedupExchange(Exchange):
    """Vanilla's outputs and gradients up to rounding, without a second copy of a token on any rank.

    Beside the tokens travel, for each routed row, its gate weight and its token's place (4 bytes); which expert it is
    for follows from the counts. A rank returns one row per token, weighed and summed over its experts. In the backward
    pass each gate weight's gradient comes back as a scalar. All of it is metered. ``rows_sent`` counts what experts
    compute on, all routed rows; what is saved shows in the bytes.

    Args:
        group, wire, ranks_per_server: as for :class:`~lshmoe.Exchange`.
    """

    def check_reduction(self, reduction: Reduction) -> None:
        """Refuse every reduction but the identity.

        Raises:
            ValueError: if there is another one.
        """
        if not isinstance(reduction, IdentityReduction):
            raise ValueError(
                f"exchange: {type(self).__name__} sends whole tokens, and {type(reduction).__name__} chooses or makes "
                "rows of its own; set reduction to null or take another exchange"
            )

    def carry(
        self, x_ND: Tensor, routes: Routes, reduction: Reduction, experts: ApplyExperts, observe: Observe
    ) -> Tensor:
        self.check_reduction(reduction)
        num_rows = routes.weights_R.shape[0]
        self.traffic.rows_sent += num_rows
        observe(num_rows, None)
        return self.visit(x_ND, routes, partial(_apply_here, experts))

    def visit(self, x_ND: Tensor, routes: Routes, here: Visit) -> Tensor:
        """Send each token once to each rank; ``here`` is what a rank does with the tokens that arrive."""
        return _once_each(self, x_ND, routes, here)


class HierarchicalDedupExchange(DedupExchange):
    """Each token goes once to each server, to the rank at the sender's own place, and from there once to each rank.

    Over the slow link a token's experts on one server cost one row each way. Rows are encoded by the wire on both
    steps. Constructing one is collective, as for :class:`~baselines.HierarchicalExchange`.

    Args:
        group, wire: as for :class:`~lshmoe.Exchange`.
        ranks_per_server: G; divides the number of ranks.

    Raises:
        ValueError: if ``ranks_per_server`` is not positive or does not divide the number of ranks.
    """

    def __init__(
        self,
        group: dist.ProcessGroup | None = None,
        wire: Wire | PhasedWire | None = None,
        ranks_per_server: int = 1,
    ) -> None:
        super().__init__(group, wire, ranks_per_server)
        self.per_server = 1 if self.world_size == 1 else ranks_per_server
        self.inside, self.between = server_groups(self, ranks_per_server)

    def visit(self, x_ND: Tensor, routes: Routes, here: Visit) -> Tensor:
        """Send each token once to each server and there once to each rank."""
        if self.per_server > 1:
            here = partial(_once_each, self.over(self.inside, self.per_server), here=here)
        if self.per_server == self.world_size > 1:
            return here(x_ND, routes)
        return _once_each(self.over(self.between, 1), x_ND, routes, here)


def _apply_here(experts: ApplyExperts, tokens_PD: Tensor, routes: Routes) -> Tensor:
    outputs_SD = experts(spread(tokens_PD, routes.tokens), routes.counts_E.cpu())
    return segment_sum(outputs_SD, routes.tokens, routes.weights_R)


def _once_each(exchange: Exchange, x_ND: Tensor, routes: Routes, here: Visit) -> Tensor:
    """Send each token once to each rank of ``exchange`` that owns any of its experts; sum what comes back."""
    num_rows, num_tokens = routes.weights_R.shape[0], x_ND.shape[0]
    # 1. A copy per distinct (rank, token); each routed row remembers its copy's place among those for the same rank.
    rank_R = expert_of_rows(routes.counts_E.view(exchange.world_size, -1).sum(1), num_rows)
    key_Q, copy_R = torch.unique(rank_R * num_tokens + routes.tokens.assignment_R, return_inverse=True)
    copies_W = occurrences(key_Q // max(num_tokens, 1), exchange.world_size)
    copies = Segments.from_assignment(key_Q % max(num_tokens, 1), num_tokens)
    place_R = copy_R - (copies_W.cumsum(0) - copies_W)[rank_R]
    # 2. Tokens go through the wire; weights and places go beside them as they are, sorted by expert.
    beside = exchange.over(exchange.group, exchange.ranks_per_server, NativeWire())
    tokens_path, rows_path = exchange.path(copies_W), beside.path(routes.counts_E)
    tokens_PD = exchange.dispatch(spread(x_ND, copies), tokens_path)
    weights_S = beside.dispatch(routes.weights_R[:, None], rows_path).flatten()
    place_S = beside.dispatch(place_R.int()[:, None], rows_path).flatten().long()
    # 3. Arrived tokens stand by source rank, arrived rows by local expert, then by source rank.
    arrived_W, counts_WL = tokens_path.counts_WL.flatten(), rows_path.counts_WL
    first_LW = (arrived_W.cumsum(0) - arrived_W).expand(counts_WL.shape[1], -1)
    first_S = first_LW.flatten().repeat_interleave(counts_WL.T.flatten()).to(place_S.device)
    arrived = Routes(
        tokens=Segments.from_assignment(first_S + place_S, tokens_PD.shape[0]),
        weights_R=weights_S,
        counts_E=counts_WL.sum(0).to(place_S.device),
    )
    # 4. One row back per token and rank.
    return segment_sum(exchange.combine(here(tokens_PD, arrived), tokens_path), copies)
