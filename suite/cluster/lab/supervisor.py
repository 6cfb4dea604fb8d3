"""Runs ranks inside a lab, one torchrun agent per server: ``python -m suite.cluster.lab.supervisor JOB``.

``JOB`` is a :class:`Job` as JSON. The launcher starts this process by :func:`suite.cluster.lab.permission.entry` for a
new lab, or in the switch's namespace of a living lab. All agents end together. A new lab ends with this process.
"""

import fcntl
import json
import secrets
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from suite.cluster.lab import namespaces, permission
from suite.cluster.lab.keeper import kept
from suite.cluster.lab.layout import DENSE, FABRICS, Layout
from suite.cluster.lab.namespaces import Namespaces
from suite.cluster.lab.registry import Registry, State
from suite.cluster.processes import die_with_parent, on_stop, write_reason
from suite.errors import UserError

_PORT = 29500  # ports belong to a namespace, so labs do not clash
_POLL_SECONDS = 0.1
_SIOCGIFFLAGS, _IFF_RUNNING = 0x8913, 0x40


@dataclass(frozen=True)
class Job:
    """What to run.

    Attributes:
        module: entry point of every rank.
        arguments: passed to every rank.
        failure: file for the reason if the lab fails.
        registry: folder of the lab's registry.
        user_namespace: whether this process is root of one.
        layout: servers and ranks.
        lab: a living lab to run in; ``None`` makes a new one.
    """

    module: str
    arguments: list[str]
    failure: str
    registry: str
    user_namespace: bool
    layout: Layout
    lab: str | None


def command(module: str, arguments: Sequence[str], layout: Layout, failure: Path, lab: State | None) -> list[str]:
    """The command that runs ranks in ``lab``, or in a new one that ends with it.

    Raises:
        UserError: if labs cannot be made here.
    """
    within = permission.needs_user_namespace() if lab is None else lab.user_namespace
    registry = str(Registry.of_user().folder)
    job = Job(module, list(arguments), str(failure), registry, within, layout, None if lab is None else lab.id)
    entry = list(permission.entry()) if lab is None else lab.entry("switch")
    return [*entry, sys.executable, "-m", "suite.cluster.lab.supervisor", json.dumps(asdict(job))]


def main(job: Job) -> int:
    """Run a job to its end, and return its exit code."""
    die_with_parent()
    try:
        with _opened(job) as opened:
            return _run(job, opened)
    except (UserError, OSError) as error:
        write_reason(Path(job.failure), str(error))
        return 1


@contextmanager
def _opened(job: Job) -> Iterator[Namespaces]:
    registry = Registry(Path(job.registry))
    if job.lab is not None:
        state = registry.find(job.lab)
        yield namespaces.attach(state.pid, state.descriptors)
        return
    with kept(registry, secrets.token_hex(3), job.layout, job.user_namespace) as made:
        yield made


def _run(job: Job, opened: Namespaces) -> int:
    agents: list[subprocess.Popen[bytes]] = []

    def end(times: int = 1) -> None:
        for agent in agents:
            agent.terminate() if times == 1 else agent.kill()

    with on_stop(end) as received:
        for server in range(job.layout.servers):
            if not received:
                agents.append(_start(job, opened, server))
        code = _wait(job, agents)
        end()
        for agent in agents:
            agent.wait()
    return code


def _start(job: Job, opened: Namespaces, server: int) -> subprocess.Popen[bytes]:
    layout = job.layout
    torchrun = [sys.executable, "-m", "torch.distributed.run", f"--nnodes={layout.servers}", f"--node-rank={server}"]
    torchrun += [f"--master-addr={layout.address(0, DENSE)}", f"--master-port={_PORT}"]
    torchrun += [f"--local-addr={layout.address(server, DENSE)}", f"--nproc-per-node={layout.ranks_per_server}"]

    def inside() -> None:
        die_with_parent()
        opened.enter(f"server{server}")

    return subprocess.Popen([*torchrun, "-m", job.module, *job.arguments], preexec_fn=inside)


def _wait(job: Job, agents: list[subprocess.Popen[bytes]]) -> int:
    """Wait until all agents are done, one has failed, or a link is down; returns the exit code."""
    looks = 0
    while True:
        codes = [agent.poll() for agent in agents]
        failed = [code for code in codes if code]
        if failed or None not in codes:
            return failed[0] if failed else 0
        looks += 1
        down = _links_down(job.layout) if looks % 10 == 0 else []  # once per second
        if down:
            write_reason(Path(job.failure), f"lab: the link {', '.join(down)} went down; the ranks were ended")
            return 1
        time.sleep(_POLL_SECONDS)


def _links_down(layout: Layout) -> list[str]:
    """Links without a carrier, seen from the switch, where this process is."""
    ports = [layout.port(server, fabric) for fabric in FABRICS for server in range(layout.servers)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        return [port for port in ports if not _is_running(handle, port)]


def _is_running(handle: socket.socket, port: str) -> bool:
    try:
        answer = fcntl.ioctl(handle, _SIOCGIFFLAGS, struct.pack("16sh14x", port.encode(), 0))
    except OSError:  # removed
        return False
    return bool(struct.unpack("16sh14x", answer)[1] & _IFF_RUNNING)


if __name__ == "__main__":
    values = json.loads(sys.argv[1])
    raise SystemExit(main(Job(**values | {"layout": Layout(**values["layout"])})))
