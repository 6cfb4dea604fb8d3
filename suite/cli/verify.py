"""``lshmoe-bench verify``: results held against their records."""

from pathlib import Path

import click

from suite.cli.base import Command


@click.command("verify", cls=Command, examples=["verify results/reference"])
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Check that a results folder follows from its records.

    Records and artifacts are held against the manifest; tables and claims are computed anew. Prints a line for each
    thing that no longer matches, and then ends with exit code 1.
    """
    from suite.report.manifest import artifact_paths, record_paths
    from suite.report.verify import verify

    if found := verify(folder):
        print("\n".join(found))
        raise SystemExit(1)
    print(f"{folder}: {len(record_paths(folder))} records and {len(artifact_paths(folder))} artifacts match")
