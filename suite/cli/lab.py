"""``lshmoe-bench lab``: labs that stay, by hand."""

import math
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from suite.cli.base import Group
from suite.cluster.lab import keeper
from suite.cluster.lab.layout import A2A, DENSE, MAX_SERVERS, Layout
from suite.cluster.lab.registry import Registry, State
from suite.errors import unknown


class _LabName(click.ParamType[str]):
    name = "lab"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(lab.id) for lab in Registry.of_user().living() if lab.id.startswith(incomplete)]


def _lab(command: Callable[..., None]) -> Callable[..., None]:
    """The option that says which lab a command is about."""
    option = click.option("--lab", type=_LabName(), metavar="NAME", help="Which one; not needed if only one is up.")
    return option(command)


@click.group("lab", cls=Group)
def command() -> None:
    """Make labs: servers joined by slow links.

    Servers are network namespaces of this machine. Runs with cluster=lab make a lab of their own; these commands are
    for a lab that stays.
    """


@command.command("up", examples=["lab up --servers 2 --ranks-per-server 1 --rate-mbit 200"])
@click.option("--servers", type=click.IntRange(1, MAX_SERVERS), default=2, show_default=True)
@click.option("--ranks-per-server", type=click.IntRange(1), default=1, show_default=True)
@click.option(
    "--rate-mbit", type=click.FloatRange(0, min_open=True), help="Of each server's link, 10⁶ bit/s; open without it."
)
def up(servers: int, ranks_per_server: int, rate_mbit: float | None) -> None:
    """Make a lab that stays until it is taken down."""
    if rate_mbit is not None and not math.isfinite(rate_mbit):
        raise click.BadParameter(f"{rate_mbit} is not a finite number.", param_hint="'--rate-mbit'")
    _print(keeper.start(Registry.of_user(), Layout(servers, ranks_per_server), rate_mbit))


@command.command("show", examples=["lab show"])
@_lab
def show(lab: str | None) -> None:
    """Print living labs and their addresses."""
    registry = Registry.of_user()
    for state in [registry.find(lab)] if lab else registry.living():
        _print(state)


@command.command("fit", examples=["lab fit"])
@_lab
def fit(lab: str | None) -> None:
    """Measure alpha and beta of a lab's link, by ranks inside."""
    from suite.cluster.lab.link_fit import fit_lab

    with tempfile.TemporaryDirectory() as folder:
        fit_lab(Registry.of_user().find(lab), Path(folder))


@command.command(
    "enter",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    examples=["lab enter server0 -- ping -c 3 10.77.0.2", "lab enter switch -- tc -s qdisc"],
)
@_lab
@click.argument("server")
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED)
def enter(lab: str | None, server: str, program: Sequence[str]) -> None:
    """Run a program inside a server, or inside the switch."""
    state = Registry.of_user().find(lab)
    if server not in state.layout.names:
        raise unknown("server", server, state.layout.names)
    raise SystemExit(subprocess.run([*state.entry(server), *program], check=False).returncode)


@command.command("down", examples=["lab down"])
@_lab
def down(lab: str | None) -> None:
    """Remove a lab."""
    state = Registry.of_user().find(lab)
    keeper.stop(state)
    print(f"lab={state.id}")


@command.command("clean", examples=["lab clean"])
def clean() -> None:
    """Forget labs whose keeper was killed."""
    for lab in Registry.of_user().clean():
        print(f"lab={lab}")


def _print(state: State) -> None:

    layout = state.layout
    print(f"lab={state.id}\npid={state.pid}")
    print(f"servers={layout.servers}\nranks_per_server={layout.ranks_per_server}")
    for server in range(layout.servers):
        for fabric in (A2A, DENSE):
            print(f"server{server}_{fabric}={layout.address(server, fabric)}")
    for name in layout.names:
        print(f"enter_{name}={shlex.quote(shlex.join(state.entry(name)))}")
