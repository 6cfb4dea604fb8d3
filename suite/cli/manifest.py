"""``lshmoe-bench manifest``."""

from collections.abc import Sequence

import click

from suite.cli.base import Command
from suite.cli.folders import build_for
from suite.cli.settings import settings


@click.command("manifest", cls=Command, examples=["manifest scale=nano"])
@settings()
def command(words: Sequence[str]) -> None:
    """Write where every artifact of a scale comes from.

    Writes results/SCALE/manifest.json: records and artifacts with their SHA-256, and how each artifact is made.
    """
    from suite.report.manifest import build

    build_for(words, build)
