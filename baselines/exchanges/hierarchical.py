"""Two-step all-to-all: inside each server first, then between servers."""

from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from baselines.exchanges.servers import server_groups
from lshmoe import Exchange, PhasedWire, Wire
from lshmoe.exchange import block_permutation


@dataclass(frozen=True)
class HierarchicalPlan:
    """Rows per step, with S servers of G ranks.

    Attributes:
        inside_C: order in which a rank's rows leave for the ranks of its own server: by (rank of a server, server).
        inside_send_G, inside_receive_G: rows to and from each rank of the server.
        between_M: order in which the rows that arrived leave for the other servers: by (server, rank of a server).
        between_send_S, between_receive_S: rows to and from each server.
        counts_WL: int64 ``[W, L]`` on the CPU, rows arriving per source rank and local expert.
    """

    inside_C: Tensor
    inside_send_G: list[int]
    inside_receive_G: list[int]
    between_M: Tensor
    between_send_S: list[int]
    between_receive_S: list[int]
    counts_WL: Tensor


class HierarchicalExchange(Exchange):
    """Same result as the flat exchange, bit for bit, in fewer and larger messages between servers.

    A row for rank g of another server first goes to rank g of its own server, then straight across. Counts take the
    same path. Consecutive ranks of the group share a server. Constructing one is collective: it makes two process
    groups, of the kind that ``group`` is. A single process has no path, whatever ``ranks_per_server`` says.

    Args:
        group: expert-parallel ranks, as for :class:`~lshmoe.Exchange`.
        wire: encoding of the rows; they are encoded once for both steps.
        ranks_per_server: G; divides the number of ranks.

    Raises:
        ValueError: if ``ranks_per_server`` is not positive or does not divide the number of ranks.
    """

    def __init__(
        self, group: dist.ProcessGroup | None = None, wire: Wire | PhasedWire | None = None, ranks_per_server: int = 1
    ) -> None:
        super().__init__(group, wire, ranks_per_server)
        self.per_server = 1 if self.world_size == 1 else ranks_per_server
        self.servers = self.world_size // self.per_server
        self.inside, self.between = server_groups(self, ranks_per_server)

    def plan(self, counts_E: Tensor) -> HierarchicalPlan:
        send_GSL = counts_E.view(self.servers, self.per_server, -1).transpose(0, 1)
        middle_SGL = self.all_to_all_counts(send_GSL, self.inside).transpose(0, 1)
        receive_SGL = self.all_to_all_counts(middle_SGL, self.between)
        # The one wait for the device.
        counts = torch.cat([part.flatten() for part in (send_GSL.sum(2), middle_SGL.sum(2), receive_SGL)]).cpu()
        send, middle, receive = counts.split([self.world_size, self.world_size, receive_SGL.numel()])
        send_GS, middle_SG = send.view(self.per_server, self.servers), middle.view(self.servers, self.per_server)
        receive_SGL = receive.view(receive_SGL.shape)

        def reorder(sizes_XY: Tensor) -> Tensor:
            """Blocks in the order of (x, y) leave in the order of (y, x)."""
            number_XY = torch.arange(sizes_XY.numel(), device=counts_E.device).view_as(sizes_XY)
            sizes_B = sizes_XY.flatten().to(counts_E.device)
            return block_permutation(sizes_B, number_XY.T.flatten(), int(sizes_XY.sum()))

        return HierarchicalPlan(
            inside_C=reorder(send_GS.T),
            inside_send_G=send_GS.sum(1).tolist(),
            inside_receive_G=middle_SG.sum(0).tolist(),
            between_M=reorder(middle_SG.T),
            between_send_S=middle_SG.sum(1).tolist(),
            between_receive_S=receive_SGL.sum((1, 2)).tolist(),
            counts_WL=receive_SGL.flatten(0, 1),
        )

    def route(self, rows: Tensor, plan: HierarchicalPlan, reverse: bool, phase: str) -> Tensor:
        """Move packed rows along both steps, or back along them."""
        inside, between = (plan.inside_send_G, plan.inside_receive_G), (plan.between_send_S, plan.between_receive_S)
        if reverse:
            rows = self.all_to_all(rows, *between[::-1], self.between, phase)
            rows = torch.empty_like(rows).index_copy_(0, plan.between_M, rows)
            rows = self.all_to_all(rows, *inside[::-1], self.inside, phase)
            return torch.empty_like(rows).index_copy_(0, plan.inside_C, rows)
        rows = self.all_to_all(rows.index_select(0, plan.inside_C), *inside, self.inside, phase)
        return self.all_to_all(rows.index_select(0, plan.between_M), *between, self.between, phase)
