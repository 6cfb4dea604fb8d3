"""``lshmoe-bench claims``."""

from collections.abc import Sequence

import click

from suite.cli.base import Command
from suite.cli.folders import build_for
from suite.cli.settings import settings


@click.command("claims", cls=Command, examples=["claims scale=nano"])
@settings()
def command(words: Sequence[str]) -> None:
    """Judge the claims of the paper by the records of a scale.

    Writes results/SCALE/claims.{json,md}.
    """
    from suite.claims.build import build

    build_for(words, build)
