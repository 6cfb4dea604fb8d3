"""Network namespaces and the veth pairs between them.

File descriptors of one process, the lab's keeper, and the processes inside hold a namespace open. When the last of
these processes ends, the kernel removes the namespace and its interfaces, so nothing is left behind.
"""

import ctypes
import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from suite.cluster.lab.layout import FABRICS, PREFIX, Layout
from suite.errors import UserError

_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Namespaces:
    """An open file descriptor per namespace of a lab."""

    descriptors: dict[str, int]

    def enter(self, name: str) -> None:
        """Move this process into a namespace. Call it in a child before it runs its program."""
        _setns(self.descriptors[name])

    def run(self, name: str, *command: str, lines: str = "") -> None:
        """Run a program inside a namespace, with ``lines`` on its standard input.

        Raises:
            UserError: with what it printed, if it fails.
        """
        done = subprocess.run(
            command, input=lines, text=True, capture_output=True, preexec_fn=partial(self.enter, name), check=False
        )
        if done.returncode:
            raise UserError(f"lab: {' '.join(command)}: {' '.join(done.stderr.split())}")


def build(layout: Layout) -> Namespaces:
    """Make a lab's namespaces and links. This process is moved into the namespace of the switch.

    Raises:
        UserError: if the kernel or ``ip`` refuses.
    """
    namespaces = Namespaces({name: _new() for name in layout.names})
    namespaces.enter("switch")
    lines = ["link set dev lo up"]
    for fabric in FABRICS:
        lines += [f"link add name {fabric} type bridge", f"link set dev {fabric} up"]
        for server in range(layout.servers):
            port = layout.port(server, fabric)
            peer = f"/proc/{os.getpid()}/fd/{namespaces.descriptors[f'server{server}']}"
            lines.append(f"link add name {port} type veth peer name {fabric} netns {peer}")
            lines.append(f"link set dev {port} master {fabric} up")
    namespaces.run("switch", "ip", "-batch", "-", lines="\n".join(lines))
    for server in range(layout.servers):
        lines = ["link set dev lo up"]  # ranks of one server reach each other through it
        for fabric in FABRICS:
            lines.append(f"address add {layout.address(server, fabric)}/{PREFIX} dev {fabric}")
            lines.append(f"link set dev {fabric} up")
        namespaces.run(f"server{server}", "ip", "-batch", "-", lines="\n".join(lines))
    return namespaces


def attach(pid: int, descriptors: dict[str, int]) -> Namespaces:
    """Open the namespaces that the keeper ``pid`` holds."""
    opened = {name: os.open(f"/proc/{pid}/fd/{number}", os.O_RDONLY) for name, number in descriptors.items()}
    return Namespaces(opened)


def _new() -> int:
    """Make a new namespace and move this process into it; returns its file descriptor."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET):
        raise UserError(f"lab: this process may not make network namespaces ({os.strerror(ctypes.get_errno())})")
    # With IPv6 the kernel sends packets of its own, which the counters would include. Labs work with it, too.
    with suppress(OSError):
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
    return os.open("/proc/self/ns/net", os.O_RDONLY)


def _setns(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
