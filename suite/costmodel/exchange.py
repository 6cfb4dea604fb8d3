"""Seconds of an all-to-all-v by the alpha–beta model, flat or hierarchical.

Routing is assumed balanced: every GPU sends the same to every other. A step has four exchanges of rows per MoE layer
(dispatch and combine, forward and backward; paper §2.2), one of counts, and one all-reduce of the gate's loads.
"""

import math
from dataclasses import dataclass
from typing import Literal, Protocol

ROW_EXCHANGES = 4  # per MoE layer and step
COUNT_EXCHANGES = 1

ExchangePath = Literal["flat", "hierarchical"]


class Network(Protocol):
    """A model of how long exchanges take."""

    @property
    def overhang(self) -> float:
        """Seconds of the step outside all-to-alls per second that bytes take inside them."""

    def seconds(self, size: float, exchanges: int) -> float:
        """Seconds of ``exchanges`` all-to-alls in sequence, with ``size`` bytes in total."""


@dataclass(frozen=True)
class AlphaBeta:
    """An alpha–beta link, with its effect outside all-to-alls.

    Attributes:
        latency: alpha, seconds per exchange of any size.
        rate: 1/beta, bytes/s.
        overhang: seconds of the step outside all-to-alls per second of bytes inside them: the rank that is served first
            waits for the others at the next collective, and cores that serve the network compute more slowly.
    """

    latency: float
    rate: float
    overhang: float = 0.0

    def seconds(self, size: float, exchanges: int) -> float:
        return exchanges * self.latency + size / self.rate


@dataclass(frozen=True)
class Topology:
    """S servers of G GPUs.

    Attributes:
        servers: S.
        gpus_per_server: G.
        nics_per_server: shared by the server's GPUs.
        nic_rate: bytes/s of one NIC, one way.
        inside_rate: bytes/s of one GPU to its server's others, one way.
        latency: seconds once per exchange between servers.
        message: seconds of the sender per message. Messages are paid in sequence, which is an upper bound, because
            transports overlap some of them.
    """

    servers: int
    gpus_per_server: int
    nics_per_server: int
    nic_rate: float
    inside_rate: float
    latency: float
    message: float

    @property
    def gpus(self) -> int:
        return self.servers * self.gpus_per_server


@dataclass(frozen=True)
class Leg:
    """What one GPU sends on one kind of link in one exchange."""

    messages: int
    bytes: float


@dataclass(frozen=True)
class Legs:
    """Inside the server and between servers."""

    inside: Leg
    between: Leg


@dataclass(frozen=True)
class ClusterNetwork:
    """A topology used along one path."""

    topology: Topology
    path: ExchangePath
    overhang: float = 0.0

    def legs(self, size: float) -> Legs:
        """Messages and bytes of one GPU that has ``size`` bytes for all GPUs, its own part included.

        Flat: directly to every other GPU. Hierarchical: first, rank g of the own server gets everything for rank g of
        any server; then it sends to rank g of every other server. The bytes between servers are the same, in G times
        fewer messages.
        """
        servers, per_server = self.topology.servers, self.topology.gpus_per_server
        far = size * (servers - 1) / servers
        if self.path == "flat":
            near = size * (per_server - 1) / (servers * per_server)
            return Legs(Leg(per_server - 1, near), Leg((servers - 1) * per_server, far))
        return Legs(Leg(per_server - 1, size * (per_server - 1) / per_server), Leg(servers - 1, far))

    def seconds(self, size: float, exchanges: int) -> float:
        """As :class:`Network`. The legs of a flat exchange overlap; those of a hierarchical one run in sequence."""
        legs = self.legs(size / exchanges)
        inside = legs.inside.messages * self.topology.message + legs.inside.bytes / self.topology.inside_rate
        between = 0.0
        if legs.between.messages:
            sharing = self.topology.gpus_per_server / self.topology.nics_per_server
            on_the_nic = legs.between.bytes * sharing / self.topology.nic_rate
            between = self.topology.latency + legs.between.messages * self.topology.message + on_the_nic
        return exchanges * (max(inside, between) if self.path == "flat" else inside + between)

    def all_reduce_seconds(self, size: float) -> float:
        """Seconds of an all-reduce of a few bytes over a binary tree, whose upper levels are between servers."""
        t = self.topology
        far = math.ceil(math.log2(t.servers)) * (t.latency + t.message + size / t.nic_rate)
        near = math.ceil(math.log2(t.gpus_per_server)) * (t.message + size / t.inside_rate)
        return 2 * (far + near)


def exchanges_per_step(moe_layers: int) -> int:
    """All-to-alls of rows and of counts in one step."""
    return moe_layers * (ROW_EXCHANGES + COUNT_EXCHANGES)
