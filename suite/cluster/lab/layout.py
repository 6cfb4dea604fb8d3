"""The shape of a lab: its servers, their interfaces and addresses."""

from dataclasses import dataclass
from ipaddress import IPv4Address

# Two fabrics, each a bridge in the switch's namespace with one veth to every server. A server's interface has the name
# of its fabric.
A2A = "a2a"  # shaped; the exchanges' collectives
DENSE = "dense"  # open; everything else
FABRICS = {A2A: IPv4Address("10.77.0.0"), DENSE: IPv4Address("10.78.0.0")}
PREFIX = 16
MAX_SERVERS = 1000  # ports of a Linux bridge, rounded down


@dataclass(frozen=True)
class Layout:
    """S servers with G ranks each. Every lab has its own namespaces, so equal names in two labs do not clash."""

    servers: int
    ranks_per_server: int

    @property
    def names(self) -> list[str]:
        """Namespaces, the switch first."""
        return ["switch", *(f"server{server}" for server in range(self.servers))]

    def address(self, server: int, fabric: str) -> str:
        """A server's address in a fabric."""
        return str(FABRICS[fabric] + server + 1)

    def port(self, server: int, fabric: str) -> str:
        """The switch's interface to a server."""
        return f"{fabric}{server}"
