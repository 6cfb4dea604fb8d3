"""What all commands share: help that ends with examples, and groups that other packages can add to."""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Any

import click

PROGRAM = "lshmoe-bench"
ENTRY_POINTS = "lshmoe_bench.commands"
# Of every command itself, so that its help is the same whoever asks for it first: click keeps the first answer.
HELP = {"help_option_names": ["-h", "--help"]}


class Command(click.Command):
    """A command whose help shows how it is used.

    Args:
        examples: what is written after the name of the program.
    """

    def __init__(self, *args: Any, examples: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context_settings.update(HELP)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{'':{formatter.current_indent}}{PROGRAM} {example}\n")


class Group(click.Group):
    """Commands in the order in which they were added."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context_settings.update(HELP)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


class OpenGroup(Group):
    """A group that other packages add commands to; they are loaded for a name that is not our own, and for help."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands:
            self.join()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        self.join()
        return super().list_commands(ctx)

    def join(self) -> None:
        """Load the commands of other packages; their modules may add to this group."""
        joined()


@cache
def joined() -> dict[str, click.Command]:
    """Commands of other packages, by name."""
    return {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}
