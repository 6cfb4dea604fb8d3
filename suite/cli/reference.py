"""``lshmoe-bench reference``: the evidence that is committed."""

from pathlib import Path

import click

from suite.cli.base import Command


@click.command("reference", cls=Command, hidden=True, examples=["reference"])
def command() -> None:
    """Publish results/nano as the committed evidence.

    For maintainers: copies its records to results/reference and refreshes the README's table.
    """
    from suite.report.reference import publish

    publish(Path("results/nano"), Path("results/reference"), Path("README.md"))
