"""Labs by hand: ``python -m suite.cluster.lab up|show|fit|down|clean [name=value …]``.

Prints one ``name=value`` per line; exits 0, or 1 if a fit failed, or 2 with one line if it was asked for something it
cannot do.

    up servers=2 ranks_per_server=1 rate_mbit=200    make a lab that stays; without rate_mbit its links are open
    show [lab=NAME]                                  living labs, their addresses and how to enter them
    fit [lab=NAME]                                   alpha and beta of its link, measured by ranks inside
    down [lab=NAME]                                  remove it; without a name, the only one
    clean                                            forget labs whose keeper was killed
"""

import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from suite.cluster.lab import keeper
from suite.cluster.lab.layout import A2A, DENSE, MAX_SERVERS, Layout
from suite.cluster.lab.registry import Registry, State
from suite.errors import UserError, exit_on_error, unknown


def up(options: dict[str, str]) -> None:
    """Start a keeper that outlives this process, and say what it made."""
    servers = _number("servers", options.get("servers", "2"), int, MAX_SERVERS)
    ranks = _number("ranks_per_server", options.get("ranks_per_server", "1"), int)
    rate = _number("rate_mbit", options["rate_mbit"], float) if "rate_mbit" in options else None
    _print(keeper.start(Registry.of_user(), Layout(servers, ranks), rate))


def show(options: dict[str, str]) -> None:
    """Living labs."""
    registry = Registry.of_user()
    for state in [registry.find(options["lab"])] if "lab" in options else registry.living():
        _print(state)


def fit(options: dict[str, str]) -> None:
    """Measure the link of a living lab."""
    from suite.cluster.lab.link_fit import fit_lab  # torch takes a second to import; the other commands do without

    with tempfile.TemporaryDirectory() as folder:
        fit_lab(Registry.of_user().find(options.get("lab")), Path(folder))


def down(options: dict[str, str]) -> None:
    """End a keeper and wait until it is gone."""
    state = Registry.of_user().find(options.get("lab"))
    os.kill(state.pid, signal.SIGTERM)
    deadline = time.monotonic() + 5
    while state.is_alive():
        if time.monotonic() > deadline:
            os.kill(state.pid, signal.SIGKILL)
        time.sleep(0.01)
    print(f"lab={state.id}")


def clean(options: dict[str, str]) -> None:
    """Forget dead labs."""
    for lab in Registry.of_user().clean():
        print(f"lab={lab}")


_Number = TypeVar("_Number", int, float)
COMMANDS: dict[str, tuple[Callable[[dict[str, str]], None], set[str]]] = {
    "up": (up, {"servers", "ranks_per_server", "rate_mbit"}),
    "show": (show, {"lab"}),
    "fit": (fit, {"lab"}),
    "down": (down, {"lab"}),
    "clean": (clean, set()),
}


def main(arguments: list[str]) -> None:
    """Run one command.

    Raises:
        UserError: in one line, what is wrong with the arguments, the machine or its permissions.
    """
    name = arguments[0] if arguments else ""
    if name not in COMMANDS:
        raise unknown("command", name, COMMANDS)
    command, allowed = COMMANDS[name]
    options = {}
    for text in arguments[1:]:
        key, equals, value = text.partition("=")
        if key not in allowed or not equals:
            raise unknown(f"{name}: option", text, [f"{option}=" for option in allowed])
        options[key] = value
    command(options)


def _number(field: str, text: str, kind: Callable[[str], _Number], most: float = float("inf")) -> _Number:
    try:
        value = kind(text)
    except ValueError:
        value = kind("0")
    if not 0 < value <= most or value == float("inf"):
        limit = f" to {most:g}" if most != float("inf") else ""
        raise UserError(f"{field}: {text!r}; allowed: a {'whole ' * (kind is int)}number above 0{limit}")
    return value


def _print(state: State) -> None:
    layout = state.layout
    print(f"lab={state.id}\npid={state.pid}\nservers={layout.servers}\nranks_per_server={layout.ranks_per_server}")
    for server in range(layout.servers):
        for fabric in (A2A, DENSE):
            print(f"server{server}_{fabric}={layout.address(server, fabric)}")
    for name in layout.names:
        print(f"enter_{name}={shlex.quote(shlex.join(state.entry(name)))}")


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])
