"""``lshmoe-bench tables``."""

from collections.abc import Sequence
from functools import partial

import click

from suite.cli.base import Command
from suite.cli.folders import build_for
from suite.cli.settings import settings


@click.command("tables", cls=Command, examples=["tables scale=nano", "tables scale=nano tables=speedup,runs"])
@settings("tables")
def command(words: Sequence[str]) -> None:
    """Compile tables from the records of a scale.

    Writes results/SCALE/tables/NAME.{csv,md,tex}: all tables, or those of tables=a,b. Trains and measures nothing.
    """
    from suite.config.arguments import split_option
    from suite.tables.build import build

    wanted, rest = split_option("tables", words)
    build_for(rest, partial(build, wanted=wanted))
