"""``lshmoe-bench report``."""

from collections.abc import Sequence

import click

from suite.cli.base import Command
from suite.cli.folders import build_for
from suite.cli.settings import settings


@click.command("report", cls=Command, examples=["report scale=nano"])
@settings()
def command(words: Sequence[str]) -> None:
    """Write the report of a scale as one page.

    Writes results/SCALE/report.html from records, tables, figures and claims that are there.
    """
    from suite.report.page import build

    build_for(words, lambda folder, scale: [build(folder, scale)])
