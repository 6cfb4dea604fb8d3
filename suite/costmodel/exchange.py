"""Seconds of an all-to-all-v by alpha and beta: a fixed time plus bytes over a rate, flat or hierarchical.

Routing is taken to be even: every GPU sends the same to every other. A step has four exchanges of rows per MoE layer
(dispatch and combine, forward and backward; paper §2.2), one of counts, and one all-reduce of the gate's loads.
"""

import math
from dataclasses import dataclass
from typing import Literal, Protocol

ROW_EXCHANGES = 4  # per MoE layer and step
COUNT_EXCHANGES = 1

ExchangePath = Literal["flat", "hierarchical"]


class Network(Protocol):
    """Anything that says how long exchanges take."""

    @property
    def overhang(self) -> float:
        """Seconds of the step outside all-to-alls for each that bytes take inside them."""

    def seconds(self, size: float, exchanges: int) -> float:
        """Seconds of ``exchanges`` all-to-alls, one after the other, that carry ``size`` bytes together."""


@dataclass(frozen=True)
class AlphaBeta:
    """An alpha–beta line, and what hangs over its end.

    Attributes:
        latency: alpha, seconds per exchange however little it carries.
        rate: 1/beta, bytes/s, in the bytes that methods are charged with.
        overhang: seconds of the step outside all-to-alls for each second of bytes inside them: the rank that is served
            first waits for the other at the next collective, and cores that serve the network compute more slowly.
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
        message: seconds of the sender for each of its messages. They are paid one after another, which makes this an
            upper bound: transports overlap some of it.
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

        Flat: straight to each of the others. Hierarchical: to rank g of the own server what any server's rank g is to
        get, then to rank g of each other server; the same bytes between servers in G times fewer messages.
        """
        servers, per_server = self.topology.servers, self.topology.gpus_per_server
        far = size * (servers - 1) / servers
        if self.path == "flat":
            near = size * (per_server - 1) / (servers * per_server)
            return Legs(Leg(per_server - 1, near), Leg((servers - 1) * per_server, far))
        return Legs(Leg(per_server - 1, size * (per_server - 1) / per_server), Leg(servers - 1, far))

    def seconds(self, size: float, exchanges: int) -> float:
        """As :class:`Network`; the legs of a flat exchange run side by side, of a hierarchical one in turn."""
        legs = self.legs(size / exchanges)
        inside = legs.inside.messages * self.topology.message + legs.inside.bytes / self.topology.inside_rate
        between = 0.0
        if legs.between.messages:
            sharing = self.topology.gpus_per_server / self.topology.nics_per_server
            on_the_nic = legs.between.bytes * sharing / self.topology.nic_rate
            between = self.topology.latency + legs.between.messages * self.topology.message + on_the_nic
        return exchanges * (max(inside, between) if self.path == "flat" else inside + between)

    def all_reduce_seconds(self, size: float) -> float:
        """A small all-reduce of ``size`` bytes, up and down a binary tree whose upper levels are between servers."""
        t = self.topology
        far = math.ceil(math.log2(t.servers)) * (t.latency + t.message + size / t.nic_rate)
        near = math.ceil(math.log2(t.gpus_per_server)) * (t.message + size / t.inside_rate)
        return 2 * (far + near)


def exchanges_per_step(moe_layers: int) -> int:
    """All-to-alls of rows and of counts in one step."""
    return moe_layers * (ROW_EXCHANGES + COUNT_EXCHANGES)
