"""Command lines judged as the program judges them, without being run."""

from functools import partial
from typing import Any

import click

from suite import figures, tables
from suite.cli.root import root
from suite.config.arguments import split_option
from suite.config.compose import compose
from suite.errors import unknown
from suite.measurement import probe, shares, speed
from sweeps.options import ConfirmOptions, Options, WorkOptions, parse


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command, or group of commands, that ``words`` begin with, and the words that are left."""
    command: click.Command = root
    while words and isinstance(command, click.Group):
        _, command, words = command.resolve_command(click.Context(command), words)
    return command, words


def dry_run(words: list[str]) -> None:
    """Parse words that follow the program's name, and validate the settings among them.

    Raises:
        click.UsageError, UserError: they are wrong.
    """
    command, rest = command_of(words)
    params = command.make_context(command.name, list(rest)).params
    if "words" in params:
        path = " ".join(words[: len(words) - len(rest)])
        _JUDGES.get(path, compose)(params["words"])


def _listed(field: str, known: Any, words: list[str]) -> None:
    names, rest = split_option(field, words)
    for name in names or ():
        if name not in known():
            raise unknown(field, name, known())
    compose(rest)


_JUDGES = {
    "measure speed": speed.parse,
    "measure shares": shares.parse,
    "measure errors": probe.parse,
    "tables": partial(_listed, "tables", tables.names),
    "figures": partial(_listed, "figures", figures.names),
    "study create": partial(parse, Options),
    "study work": partial(parse, WorkOptions),
    "study collect": partial(parse, Options),
    "study confirm": partial(parse, ConfirmOptions),
    "study report": partial(parse, Options),
}
