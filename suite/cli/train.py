"""``lshmoe-bench train``: one run."""

from collections.abc import Sequence

import click

from suite.cli.base import Command
from suite.cli.settings import settings


@click.command(
    "train", cls=Command, examples=["train model=gpt_moe task=text_lm method=lsh seed=0 scale=nano cluster=loopback"]
)
@settings()
def command(words: Sequence[str]) -> None:
    """Train a model on a task with a method.

    Settings are checked first, and data are prepared; then torchrun starts the ranks. The record goes to
    results/SCALE/runs/MODEL/TASK/METHOD/seedN. The same command resumes a run that was interrupted; a complete one is
    left as it is.
    """
    from suite.cluster.launch import leave
    from suite.training.train import train

    train(words)
    leave()
