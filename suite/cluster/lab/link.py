"""A rank's handle on the link of its server: rate, alpha–beta fit and kernel counters."""

from dataclasses import dataclass
from typing import Any, Literal

import torch.distributed as dist

from suite.cluster.lab.counters import Counters, counters
from suite.cluster.lab.fit import FIT_SECONDS, LinkFit, all_to_all, fit_link
from suite.cluster.lab.paced import Pace
from suite.cluster.lab.shaping import shape
from suite.errors import UserError

_CAPACITY_BYTES = 2**22
_CAPACITY_REPEATS = 5
_SETTLING, _SETTLING_BYTES = 3, 2**16


@dataclass
class Link:
    """The link between this rank's server and the others.

    Methods marked collective are called by every rank of the default group.

    Attributes:
        group: the exchanges' process group.
        ranks_per_server: G.
        transport: ``shaped`` by the kernel, or ``paced`` by sleeping.
        capacity_mbit: 10⁶ bit/s leaving each server with open links, measured when the ranks joined.
        pace: the collective that sleeps, if paced.
        rate_mbit: current nominal rate; ``None`` is open.
    """

    group: dist.ProcessGroup
    ranks_per_server: int
    transport: Literal["shaped", "paced"]
    capacity_mbit: float = 0.0
    pace: Pace | None = None
    rate_mbit: float | None = None

    def set_rate(self, rate_mbit: float | None) -> None:
        """Set the nominal rate of every server's link, while ranks run; ``None`` opens it. Collective.

        Raises:
            UserError: on every rank, if one server's link cannot have that rate.
        """
        problem = self._impossible(rate_mbit)
        dist.barrier()  # no rank still sends at the old rate
        if problem is None and self.pace is not None:
            self.pace.rate_mbit = rate_mbit
        elif problem is None and dist.get_rank() % self.ranks_per_server == 0:
            try:
                shape(rate_mbit)
            except (UserError, OSError) as error:
                problem = str(error)
        problems: list[Any] = [None] * dist.get_world_size()
        dist.all_gather_object(problems, problem)
        if any(problems):
            raise UserError(next(filter(None, problems)))
        self.rate_mbit = rate_mbit

    def settle(self) -> None:
        """A few small all-to-alls, so that TCP adapts to the current rate. Collective."""
        for _ in range(_SETTLING):
            all_to_all(_SETTLING_BYTES, self.group, self.ranks_per_server, self.pace or dist.all_to_all_single)

    def fit(self, budget: float = FIT_SECONDS) -> LinkFit:
        """Measure alpha and beta, in about ``budget`` seconds and less than 3. Collective."""
        return fit_link(self.group, self.ranks_per_server, self.pace or dist.all_to_all_single, budget=budget)

    def counters(self) -> Counters:
        """The kernel's counters of the server's link; equal on all ranks of a server.

        Subtract two readings, each made after a barrier. Before a barrier, sent bytes may still wait in a queue.

        Raises:
            UserError: if the link is paced: then no bytes cross an interface.
        """
        if self.transport == "paced":
            raise UserError("counters: cluster.network=paced has no link that the kernel could count; use network=lab")
        return counters()

    def measure_capacity(self) -> None:
        """Open the link and measure its capacity. Collective."""
        self.capacity_mbit = float("inf")
        self.set_rate(None)
        # The same number of bytes leaves a server for any number of ranks.
        peers = self.ranks_per_server * (dist.get_world_size(self.group) - self.ranks_per_server)
        size = max(4, _CAPACITY_BYTES // peers // 4 * 4)
        fastest = min(all_to_all(size, self.group, self.ranks_per_server) for _ in range(_CAPACITY_REPEATS))
        self.capacity_mbit = size * peers * 8 / fastest / 1e6

    def _impossible(self, rate_mbit: float | None) -> str | None:
        if rate_mbit is None or rate_mbit <= self.capacity_mbit:
            return None
        return (
            f"cluster.rate_mbit: {rate_mbit:g} is more than this machine carries between servers; "
            f"allowed: up to {self.capacity_mbit:.0f}, as measured with open links"
        )
