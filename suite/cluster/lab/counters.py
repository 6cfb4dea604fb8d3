"""The kernel's counters of a server's link."""

from dataclasses import dataclass
from pathlib import Path

from suite.cluster.lab.layout import A2A

# Ethernet 14, IPv4 20, TCP with time stamps 32. The kernel counts a packet when it crosses the veth, before
# segmentation: one set of headers per packet. An acknowledgement has only headers.
HEADER_BYTES = 66


@dataclass(frozen=True)
class Counters:
    """Counts since the interface was made. Subtract two readings.

    Attributes:
        sent_bytes: headers included.
        sent_packets: as they crossed the interface.
    """

    sent_bytes: int
    sent_packets: int

    def __sub__(self, earlier: "Counters") -> "Counters":
        return Counters(self.sent_bytes - earlier.sent_bytes, self.sent_packets - earlier.sent_packets)

    @property
    def sent_payload(self) -> int:
        """Bytes of the application that left the server."""
        return self.sent_bytes - HEADER_BYTES * self.sent_packets


def counters(interface: str = A2A) -> Counters:
    """Read an interface of the server that this process is in; all its ranks see the same numbers."""
    for line in Path("/proc/self/net/dev").read_text().splitlines():
        name, _, numbers = line.partition(":")
        if name.strip() == interface:
            fields = [int(text) for text in numbers.split()]
            return Counters(sent_bytes=fields[8], sent_packets=fields[9])
    raise LookupError(f"this process has no interface {interface!r}")
