"""The rate of a server's link, enforced by the kernel on what leaves its ``a2a`` interface (tc-tbf)."""

import subprocess

from suite.cluster.lab.layout import A2A
from suite.errors import UserError

# How long a link may run ahead of its rate after a pause. A deeper bucket would let whole messages pass unshaped, and
# alpha–beta would not hold; a shallower one loses rate to late timers.
CREDIT_SECONDS = 1e-4
FRAME_BYTES = 1514  # the largest on Ethernet
LEAST_BURST_BYTES = 1600  # a frame must fit
OPEN_PACKET_BYTES = 65536  # the kernel's own choice: it cuts packets up only after the veth
# So deep a queue never drops: TCP's own window fills first.
QUEUE_BYTES = 64 * 2**20


def commands(rate_mbit: float | None) -> list[list[str]]:
    """What sets the rate, to be run inside a server; ``None`` opens the link."""
    if rate_mbit is None:
        return [
            ["tc", "qdisc", "replace", "dev", A2A, "root", "pfifo_fast"],
            ["ip", "link", "set", "dev", A2A, "gso_max_size", str(OPEN_PACKET_BYTES)],
        ]
    burst = max(LEAST_BURST_BYTES, round(rate_mbit * 1e6 / 8 * CREDIT_SECONDS))
    bucket = ["rate", f"{round(rate_mbit * 1e6)}bit", "burst", str(burst), "limit", str(QUEUE_BYTES)]
    packet = min(max(FRAME_BYTES, burst // 2), OPEN_PACKET_BYTES)
    return [
        ["ip", "link", "set", "dev", A2A, "gso_max_size", str(packet)],
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
