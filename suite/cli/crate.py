"""``lshmoe-bench crate``."""

from collections.abc import Sequence

import click

from suite.cli.base import Command
from suite.cli.folders import build_for
from suite.cli.settings import settings


@click.command("crate", cls=Command, examples=["crate scale=nano"])
@settings()
def command(words: Sequence[str]) -> None:
    """Describe the results of a scale as an RO-Crate.

    Writes results/SCALE/ro-crate-metadata.json, a Workflow Run RO-Crate; needs the manifest.
    """
    from suite.report.crate import build

    build_for(words, build)
