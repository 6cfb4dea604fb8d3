"""An exchange for one process that behaves like one of W ranks."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from lshmoe.exchange import Exchange, FlatPlan
from lshmoe.wire import Wire


class PretendExchange(Exchange):
    """Flat all-to-all in which every other rank sends what this one sends.

    Packing, permuting, unpacking and the meters are real; the all-to-all itself is a copy on the device of as many
    bytes. Source rank w sends to this rank's experts as many rows as this rank sends to those of rank w.

    Args:
        ranks: W.
        wire: encoding of the rows; ``None`` is native.
    """

    def __init__(self, ranks: int, wire: Wire | None = None) -> None:
        super().__init__(None, wire)
        self.world_size = ranks

    def refuse_other_ranks(self) -> None:
        """Nothing to refuse: there are no other ranks."""

    def plan(self, counts_E: Tensor) -> FlatPlan:
        """As of the flat exchange, with the counts of this rank for those of the others."""
        counts_WL = counts_E.view(self.world_size, -1).cpu()
        rows_W = counts_WL.sum(1).tolist()
        return FlatPlan(rows_W, rows_W, counts_WL)

    def all_to_all(
        self, rows: Tensor, send: list[int], receive: list[int], group: dist.ProcessGroup | None, phase: str
    ) -> Tensor:
        """Copy the rows on the device, metered."""
        self.traffic.bytes[phase] += rows.nbytes
        self.traffic.remote_bytes[phase] += rows.nbytes * (len(send) - 1) // len(send)
        received = torch.empty_like(rows)
        with self.traffic.clock(phase, rows.device):
            received.copy_(rows)
        return received

    def __deepcopy__(self, memo: dict[int, Any]) -> "PretendExchange":
        raise TypeError("a pretended exchange is made anew, not copied")
