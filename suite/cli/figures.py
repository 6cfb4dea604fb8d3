"""``lshmoe-bench figures``."""

from collections.abc import Sequence

import click

from suite.cli.base import Command
from suite.cli.folders import build_for
from suite.cli.settings import settings


@click.command("figures", cls=Command, examples=["figures scale=nano", "figures scale=nano figures=pareto,audit"])
@settings("figures")
def command(words: Sequence[str]) -> None:
    """Draw figures from the records of a scale.

    Writes results/SCALE/figures/NAME.{svg,pdf,png}: all figures, or those of figures=a,b. figures/index.json lists
    what was drawn, and why the rest was not.
    """
    from suite.config.arguments import split_option
    from suite.figures.build import build

    wanted, rest = split_option("figures", words)
    build_for(rest, lambda folder, scale: build(folder, wanted))
