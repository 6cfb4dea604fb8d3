"""``lshmoe-bench reference``: the evidence that is committed."""

from pathlib import Path

import click

from suite.cli.base import Command


@click.command("reference", cls=Command, hidden=True, examples=["reference"])
def command() -> None:
    """Copy results/nano to results/reference and refresh the README's table (maintainers)."""
    from suite.report.reference import publish

    publish(Path("results/nano"), Path("results/reference"), Path("README.md"))
