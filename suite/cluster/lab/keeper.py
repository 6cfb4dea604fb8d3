"""The process that holds a lab of the command line: the lab lives as long as this process.

It is started by :func:`suite.cluster.lab.permission.entry`, prints ``ready``, and waits for a signal to end.
"""

import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suite.cluster.lab import namespaces, permission, shaping
from suite.cluster.lab.layout import Layout
from suite.cluster.lab.namespaces import Namespaces
from suite.cluster.lab.registry import Registry, State, start_tick
from suite.errors import UserError, exit_on_error

_READY_SECONDS = 20.0
_STOP_SECONDS = 5.0


def start(registry: Registry, layout: Layout, rate_mbit: float | None) -> State:
    """Make a lab that stays until its keeper, which outlives this process, is asked to end by SIGTERM.

    Raises:
        UserError: in one line, why the lab could not be made.
    """
    lab = secrets.token_hex(3)
    command = [*permission.entry(), sys.executable, "-m", "suite.cluster.lab.keeper", str(registry.folder), lab]
    command += [str(layout.servers), str(layout.ranks_per_server), str(int(permission.needs_user_namespace()))]
    command.append("" if rate_mbit is None else str(rate_mbit))
    with tempfile.TemporaryFile("w+") as errors:
        keeper = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
        assert keeper.stdout is not None
        with keeper.stdout:
            ready, _, _ = select.select([keeper.stdout], [], [], _READY_SECONDS)
            if not ready or not keeper.stdout.readline():
                keeper.kill()
                keeper.wait()
                errors.seek(0)
                raise UserError(errors.read().strip().removeprefix("error: ") or "lab: its keeper did not start")
    return registry.find(lab)


def stop(state: State) -> None:
    """End a keeper, by force if it does not within seconds, and wait until it is gone."""
    os.kill(state.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while state.is_alive():
        if time.monotonic() > deadline:
            os.kill(state.pid, signal.SIGKILL)
        time.sleep(0.01)


@contextmanager
def kept(registry: Registry, lab: str, layout: Layout, user_namespace: bool) -> Iterator[Namespaces]:
    """A new lab that this process holds. Entries of dead labs are removed from the registry first."""
    registry.clean()
    made = namespaces.build(layout)
    started = start_tick(os.getpid())
    assert started is not None
    registry.add(State(lab, os.getpid(), started, user_namespace, layout, made.descriptors))
    try:
        yield made
    finally:
        registry.remove(lab)


def main(arguments: list[str]) -> None:
    """Keep a lab until a signal comes."""
    folder, lab, servers, ranks_per_server, user_namespace, rate = arguments
    stops = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    layout = Layout(int(servers), int(ranks_per_server))
    with kept(Registry(Path(folder)), lab, layout, bool(int(user_namespace))) as made:
        if rate:
            for server in range(layout.servers):
                for command in shaping.commands(float(rate)):
                    made.run(f"server{server}", *command)
        print("ready", flush=True)
        signal.sigwait(stops)


if __name__ == "__main__":
    with exit_on_error():
        try:
            main(sys.argv[1:])
        except OSError as error:
            raise UserError(f"lab: {error}") from None
