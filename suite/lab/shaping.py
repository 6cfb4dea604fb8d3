"""The rate of a server's link, enforced by the kernel on what leaves its ``a2a`` interface (tc-tbf)."""

import subprocess

from suite.errors import UserError
from suite.lab.layout import A2A

# A packet that leaves is at most this long, and no more than two may leave at once: a message after a pause then meets
# the same link as one without. The kernel's default of 64 KiB packets would let small messages pass unshaped.
PACKET_BYTES = 8192
BURST_BYTES = 2 * PACKET_BYTES
# So deep a queue never drops: TCP's own window fills first.
QUEUE_BYTES = 64 * 2**20


def commands(rate_mbit: float | None) -> list[list[str]]:
    """What sets the rate, to be run inside a server; ``None`` opens the link."""
    if rate_mbit is None:
        return [
            ["tc", "qdisc", "replace", "dev", A2A, "root", "pfifo_fast"],
            ["ip", "link", "set", "dev", A2A, "gso_max_size", "65536"],
        ]
    bucket = ["rate", f"{round(rate_mbit * 1e6)}bit", "burst", str(BURST_BYTES), "limit", str(QUEUE_BYTES)]
    return [
        ["ip", "link", "set", "dev", A2A, "gso_max_size", str(PACKET_BYTES)],
        ["tc", "qdisc", "replace", "dev", A2A, "root", "tbf", *bucket],
    ]


def shape(rate_mbit: float | None) -> None:
    """Set the rate of the server that this process is in, while its ranks run or not.

    Args:
        rate_mbit: nominal 10⁶ bits per second leaving the server, headers included; ``None`` opens the link.

    Raises:
        UserError: if the kernel refuses, in its words.
    """
    for command in commands(rate_mbit):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"lab: {' '.join(command)}: {' '.join(done.stderr.split())}")
