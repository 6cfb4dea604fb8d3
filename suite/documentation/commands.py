"""The page on commands, from the tree of click's commands."""

from collections.abc import Iterator

import click

WIDTH = 100  # characters, as in a terminal


def commands_markdown(group: click.Group, program: str) -> str:
    """The page as Markdown: the help of ``group``, which is called ``program``, and of every command below it."""
    head = f"# Commands\n\nWhat `{program} … --help` prints. This page is generated from the commands themselves.\n"
    return head + "".join(f"\n{section}" for section in _sections(group, program, None, 2))


def _sections(command: click.Command, name: str, parent: click.Context | None, level: int) -> Iterator[str]:
    """A section for a command, then those of its own commands, one level deeper."""
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    with click.Context(command, parent, info_name=name, **settings) as context:
        yield f"{'#' * level} `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```\n"
        if isinstance(command, click.Group):
            for child in command.list_commands(context):
                found = command.get_command(context, child)
                if found is not None and not found.hidden:
                    yield from _sections(found, child, context, min(level + 1, 6))
