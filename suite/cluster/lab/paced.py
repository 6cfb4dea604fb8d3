"""A fallback where the kernel cannot shape links: a collective that sleeps as long as its bytes would take."""

import time
from dataclasses import dataclass
from typing import Any

import torch.distributed as dist
from torch import Tensor


@dataclass
class Pace:
    """All-to-all over loopback, as slow as links of ``rate_mbit`` between servers, without latency.

    Attributes:
        rate_mbit: 10⁶ bit/s leaving a server; ``None`` does not sleep.
        ranks_per_server: G. The ranks of a server share its rate.
    """

    rate_mbit: float | None
    ranks_per_server: int

    def __call__(self, received: Tensor, rows: Tensor, receive: list[int], send: list[int], group: Any = None) -> None:
        """As ``dist.all_to_all_single``, then sleep."""
        began = time.perf_counter()
        dist.all_to_all_single(received, rows, receive, send, group=group)
        if self.rate_mbit is None:
            return
        server = dist.get_rank() // self.ranks_per_server
        peers = dist.get_process_group_ranks(group)
        leaving = sum(count for peer, count in zip(peers, send, strict=True) if peer // self.ranks_per_server != server)
        row_bytes = rows.nbytes // max(1, len(rows))
        seconds = leaving * row_bytes * 8 * self.ranks_per_server / (self.rate_mbit * 1e6)
        time.sleep(max(0.0, seconds - (time.perf_counter() - began)))
