"""The rate of a server's link, enforced by the kernel on what leaves its ``a2a`` interface (tc-tbf)."""

import subprocess

from suite.cluster.lab.layout import A2A
from suite.errors import UserError

# Depth of the token bucket in seconds of the rate. A deeper bucket lets whole messages pass unshaped, which breaks the
# alpha–beta model; a shallower one loses rate to late timers.
CREDIT_SECONDS = 1e-4
FRAME_BYTES = 1514  # the largest on Ethernet
LEAST_BURST_BYTES = 1600  # a frame must fit
OPEN_PACKET_BYTES = 65536  # the kernel's default: it segments packets only after the veth
# A queue this deep never drops packets, because TCP's window fills first.
QUEUE_BYTES = 64 * 2**20


def commands(rate_mbit: float | None) -> list[list[str]]:
    """Commands that set the rate, to run inside a server's namespace; ``None`` opens the link."""
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
    """Set the link rate of the server whose namespace this process is in; ranks may be running.

    Args:
        rate_mbit: nominal 10⁶ bits per second leaving the server, headers included; ``None`` opens the link.

    Raises:
        UserError: if the kernel refuses, in its words.
    """
    for command in commands(rate_mbit):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"lab: {' '.join(command)}: {' '.join(done.stderr.split())}")
