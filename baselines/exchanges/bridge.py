"""Reduction at the bridge: exact inside a server, reduced rows between servers."""

from collections.abc import Callable

import torch
import torch.distributed as dist
from torch import Tensor

from baselines.exchanges.servers import server_groups
from lshmoe import (
    ApplyExperts,
    Exchange,
    Observe,
    PhasedWire,
    Received,
    Reduced,
    Reduction,
    Routes,
    Wire,
    segment_sum,
    spread,
)
from lshmoe.exchange import block_permutation

Step = Callable[[Tensor, Tensor], Received]


class BridgeExchange(Exchange):
    """The layer's reduction acts between servers, on the rows that the ranks of one server have for one expert.

    The path is that of :class:`~baselines.HierarchicalExchange`: a row for rank g of another server first goes to rank
    g of its own server. There the rows of all G ranks for one expert are reduced together, so that an expert has G
    times as many rows to find alike ones among. Only what the reduction sends crosses the slow link; outputs come back
    the same way and are restored where they were reduced, gradients likewise. Rows for experts of the own server are
    never reduced. With one server, or one process, nothing is.

    A wire encodes the rows anew on each of the two steps. ``rows_sent`` of a rank counts the rows that it sends on from
    the bridge, also those of its server's other ranks; summed over ranks it is comparable to ``rows_routed``. Observers
    of a layer see that every row leaves its rank as itself. Constructing one is collective.

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
        self.servers, self.server = self.world_size // self.per_server, self.rank // self.per_server
        self.inside, self.between = server_groups(self, ranks_per_server)

    def carry(
        self, x_ND: Tensor, routes: Routes, reduction: Reduction, experts: ApplyExperts, observe: Observe
    ) -> Tensor:
        observe(routes.weights_R.shape[0], None)
        # Rows that a step leaves where they are must not be encoded and metered by it; one process does so once.
        inside: Step = self.over(self.inside, self.per_server) if self.per_server > 1 else _stay
        between: Step = self.over(self.between, 1) if self.servers > 1 or self.world_size == 1 else _stay
        # 1. To the rank of the own server that stands at the expert's place: from (server, place) to (place, server).
        counts_SGL = routes.counts_E.view(self.servers, self.per_server, -1)
        number_SGL = torch.arange(counts_SGL.numel(), device=routes.counts_E.device).view_as(counts_SGL)
        order_R = block_permutation(routes.counts_E, number_SGL.transpose(0, 1).flatten(), len(routes.weights_R))
        rows_RD = spread(x_ND, routes.tokens).index_select(0, order_R)
        gathered = inside(rows_RD, counts_SGL.transpose(0, 1).flatten())
        # 2. Reduce what leaves the server, send, and come back the same way.
        reduced = self._reduce_foreign(reduction, gathered.rows_SD, gathered.counts_L)
        received = between(reduced.rows_CD, reduced.counts_E)
        outputs_CD = received.back(experts(received.rows_SD, received.counts_L))
        outputs_RD = gathered.back(reduced.restore(outputs_CD)).index_select(0, torch.argsort(order_R))
        return segment_sum(outputs_RD, routes.tokens, routes.weights_R)

    def _reduce_foreign(self, reduction: Reduction, rows_MD: Tensor, counts_F: Tensor) -> Reduced:
        """Reduce the rows ``[M, D]`` for other servers.

        ``counts_F`` (on the CPU) counts rows per expert that stands at this rank's place of any server, by server.
        """
        local = counts_F.shape[0] // self.servers
        own_F = torch.zeros_like(counts_F)
        own = slice(self.server * local, (self.server + 1) * local)
        own_F[own] = counts_F[own]
        before, num_own = int(counts_F[: own.start].sum()), int(own_F.sum())
        head_D, own_D, tail_D = rows_MD.tensor_split([before, before + num_own])
        others_F = (counts_F - own_F).to(rows_MD.device)
        reduced = self.reduce(reduction, torch.cat([head_D, tail_D]), others_F)
        self.traffic.rows_sent += num_own
        sent_before = int(reduced.counts_E[: own.start].sum())

        def restore(outputs_CD: Tensor) -> Tensor:
            head_D, own_D, tail_D = outputs_CD.tensor_split([sent_before, sent_before + num_own])
            others_D = reduced.restore(torch.cat([head_D, tail_D]))
            return torch.cat([others_D[:before], own_D, others_D[before:]])

        head_D, tail_D = reduced.rows_CD.tensor_split([sent_before])
        return Reduced(torch.cat([head_D, own_D, tail_D]), reduced.counts_E + own_F.to(rows_MD.device), restore)


def _stay(rows_CD: Tensor, counts_E: Tensor) -> Received:
    """A step of one rank: rows stay where they are."""
    return Received(rows_CD, counts_E.cpu(), lambda outputs_SD: outputs_SD)
