"""``lshmoe-bench resources``: the estimate of memory that the pipeline's rules ask for."""

from collections.abc import Sequence

import click

from suite.cli.base import Command
from suite.cli.settings import settings


@click.command(
    "resources",
    cls=Command,
    hidden=True,
    examples=["resources model=gpt_moe task=wikibooks_lm scale=paper cluster=slurm_gpu_4x8"],
)
@settings()
def command(words: Sequence[str]) -> None:
    """Write what a rank of a run needs of memory.

    Writes results/SCALE/memory/CLUSTER/MODEL/TASK.json, from shapes; the pipeline asks a cluster for as much.
    """
    from suite.costmodel.memory.resources import write_estimate

    write_estimate(words)
