"""``lshmoe-bench track``: records in MLflow."""

import sys
from collections.abc import Sequence

import click

from suite.cli.base import Group
from suite.cli.settings import settings
from suite.errors import UserError


@click.group("track", cls=Group)
def command() -> None:
    """Mirror records to MLflow, and show them there."""


@command.command("sync", examples=["track sync scale=nano"])
@settings()
def sync(words: Sequence[str]) -> None:
    """Mirror what is on record and not there yet."""
    from suite.config.compose import compose

    config = compose(words)
    scale = config.scale.name
    if not (config.results / scale).is_dir():
        raise UserError(f"results: there is no {config.results / scale}; run the pipeline first")
    from suite.records.track.store import tracking_uri
    from suite.records.track.sync import Replay

    tally = Replay(config.results, scale).update(over=True)
    for fault in tally.faults:
        print(fault, file=sys.stderr)
    counts = f"{tally.updated} mirrored, {tally.unchanged} there already, {len(tally.faults)} left out"
    print(f"{tracking_uri(config.results)}: {counts}")


@command.command("ui", examples=["track ui scale=nano", "track ui --port 5001"])
@settings()
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="Of this machine.")
def ui(words: Sequence[str], port: int) -> None:
    """Serve MLflow's pages on the mirrored runs until Ctrl-C."""
    from suite.config.compose import compose
    from suite.records.track.ui import serve

    config = compose(words)
    serve(config.results, config.scale.name, port)
