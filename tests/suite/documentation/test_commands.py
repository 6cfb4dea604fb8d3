"""The page on commands shows the help of each, below the group that it belongs to."""

import click

from suite.documentation.commands import commands_markdown


@click.group()
def tool() -> None:
    """All of it."""


@tool.group()
def measure() -> None:
    """Several things."""


@measure.command()
@click.option("--rate", help="How fast.")
def speed(rate: str) -> None:
    """Step times."""


@tool.command(hidden=True)
def secret() -> None:
    """Nobody needs to know."""


def test_every_command_has_a_section_with_its_help() -> None:
    page = commands_markdown(tool, "bench")
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert headings == ["# Commands", "## `bench`", "### `bench measure`", "#### `bench measure speed`"]
    assert "Usage: bench measure speed [OPTIONS]" in page and "--rate TEXT  How fast." in page
    assert "secret" not in page
