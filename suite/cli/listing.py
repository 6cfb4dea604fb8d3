"""``lshmoe-bench list``: what can be named in settings."""

from collections.abc import Mapping
from functools import partial

import click

from suite.cli.base import Command, OpenGroup
from suite.config.conf import CONF, GROUPS, choices, summary


@click.group("list", cls=OpenGroup)
def command() -> None:
    """List methods, models, tasks and what else has a name."""


def show(summaries: Mapping[str, str]) -> None:
    """Print names and their summaries."""
    width = max(map(len, summaries), default=0)
    for name, text in summaries.items():
        print(f"{name:<{width}}  {text}")


def _list(group: str) -> None:
    show({name: summary(CONF / group / f"{name}.yaml") for name in choices(group)})


for _group in GROUPS:
    command.add_command(
        Command(
            f"{_group}s",
            callback=partial(_list, _group),
            help=f"List the {_group}s of suite/conf.",
            examples=[f"list {_group}s"],
        )
    )
