"""``lshmoe-bench plan``: memory before anything runs."""

from collections.abc import Sequence

import click

from suite.cli.base import Command
from suite.cli.settings import settings


@click.command("plan", cls=Command, examples=["plan model=gpt_moe task=wikibooks_lm scale=paper cluster.ranks=64"])
@settings()
def command(words: Sequence[str]) -> None:
    """Print what a run needs of a GPU's memory.

    Says also which GPUs it fits. Reads no data, allocates no weights, writes nothing: numbers come from shapes and data
    sheets.
    """
    from suite.costmodel.memory.plan import plan

    plan(words)
