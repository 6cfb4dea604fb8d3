"""``lshmoe-bench prepare``: data ahead of runs."""

from collections.abc import Sequence

import click

from suite.cli.base import Command
from suite.cli.settings import settings


@click.command("prepare", cls=Command, examples=["prepare task=text_lm scale=nano"])
@settings()
def command(words: Sequence[str]) -> None:
    """Fetch, check and tokenise a task's data.

    Says what they are in results/SCALE/data/TASK.json.
    """
    from suite.tasks.prepare import prepare

    print(prepare(words))
