"""Every generated page, and how it is made."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from suite.config.documentation import configuration_markdown
from suite.documentation.commands import commands_markdown
from suite.documentation.drawing import to_svg
from suite.documentation.rooms import read_rooms
from suite.files import write_atomically
from suite.records.schema.documentation import json_schemas, records_markdown
from suite.tables.documentation import columns_markdown

ROOT = Path(__file__).parents[2]


def generated_pages(commands: click.Group, program: str) -> dict[str, Callable[[], str]]:
    """Makers of the generated pages, by path below ``docs``.

    Args:
        commands: the group of all commands.
        program: what it is called in a terminal.
    """
    pages: dict[str, Callable[[], str]] = {
        "architecture.svg": lambda: to_svg(read_rooms(ROOT)),
        "commands.md": lambda: commands_markdown(commands, program),
        "columns.md": columns_markdown,
        "configuration.md": configuration_markdown,
        "records.md": records_markdown,
    }
    for name, schema in json_schemas().items():
        pages[f"schemas/{name}.schema.json"] = partial(_schema_text, schema)
    return pages


def _schema_text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_pages(commands: click.Group, program: str) -> list[Path]:
    """Write the generated pages below ``docs`` of this checkout; return their paths."""
    paths = []
    for name, make in generated_pages(commands, program).items():
        write_atomically(ROOT / "docs" / name, make())
        paths.append(ROOT / "docs" / name)
    return paths
