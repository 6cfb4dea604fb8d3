"""The process that a lab of the command line lives and dies with.

It is started by :func:`suite.lab.permission.entry`, says ``ready`` on its standard output, and waits to be ended.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suite.errors import UserError, exit_on_error
from suite.lab import namespaces, shaping
from suite.lab.layout import Layout
from suite.lab.namespaces import Namespaces
from suite.lab.registry import Registry, State, start_tick


@contextmanager
def kept(registry: Registry, lab: str, layout: Layout, user_namespace: bool) -> Iterator[Namespaces]:
    """A new lab that this process keeps; on the way in, what dead labs left is cleaned."""
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
