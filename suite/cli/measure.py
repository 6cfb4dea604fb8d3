"""``lshmoe-bench measure``: several methods or links at once."""

from collections.abc import Sequence
from pathlib import Path

import click

from suite.cli.base import Group
from suite.cli.settings import settings


@click.group("measure", cls=Group)
def command() -> None:
    """Measure step times, shares or errors of methods."""


@command.command(
    "speed",
    examples=[
        "measure speed model=gpt_moe task=text_lm scale=nano cluster=lab 'methods=[vanilla,lsh]' 'shares=[0.4]'",
        "measure speed cluster=lab 'methods=[vanilla,int8]' 'shares=[gpt_moe_a100_4x8]'",
    ],
)
@settings("methods", "shares")
def speed(words: Sequence[str]) -> None:
    """Measure step times of methods, paired.

    Methods alternate in blocks within one process group, the reference and vanilla always among them. Methods and
    shares (of all-to-all in the reference's step) are by default those of the scale's matrix. A method whose run is on
    record is measured with the settings of that run. Writes results/SCALE/speed/CLUSTER/MODEL/TASK.json.
    """
    from suite.measurement.speed import measure

    measure(words)


@command.command("shares", examples=["measure shares scale=nano cluster=lab", "measure shares 'models=[gpt_moe]'"])
@settings("models")
def shares(words: Sequence[str]) -> None:
    """Measure all-to-all's share of a step.

    Fig. 3 of the paper. Measures the reference as it is, with twice the experts, and with twice the servers. Writes
    results/SCALE/shares/CLUSTER/MODEL.json.
    """
    from suite.measurement.shares import measure

    measure(words)


@command.command("errors", examples=["measure errors model=gpt_moe task=text_lm scale=nano 'methods=[lsh,int8]'"])
@settings("methods")
def errors(words: Sequence[str]) -> None:
    """Measure errors against exact dispatch.

    Compares outputs and gradients of methods on a few held-out batches. Takes vanilla's last weights, so its run must
    be on record. Writes results/SCALE/probe/MODEL/TASK.json.
    """
    from suite.measurement.probe import measure

    measure(words)


@command.command("coordinates", examples=["measure coordinates results/nano/runs/*/*/*/*/captures/*.pt"])
@click.argument("captures", nargs=-1, required=True, type=click.Path(path_type=Path))
def coordinates(captures: Sequence[Path]) -> None:
    """Try numbers of coordinates that a hash keeps.

    Prints how many rows are sent and what their centroids miss. Captures are rows that a run recorded: train with
    capture.every=40 capture.rows=2048.
    """
    from suite.measurement.kept_coordinates import print_tables

    print_tables(captures)
