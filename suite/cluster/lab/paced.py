"""The last resort where the kernel shapes nothing: a collective that sleeps for as long as its bytes would take."""

import time
from dataclasses import dataclass
from typing import Any

import torch.distributed as dist
from torch import Tensor


@dataclass
class Pace:
    """All-to-all over loopback, as slow as a link of ``rate_mbit`` between servers; no latency is added.

    Attributes:
        rate_mbit: 10⁶ bit/s that leave a server; ``None`` does not sleep.
        ranks_per_server: G; they share the rate.
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
