"""``lshmoe-bench completion``: what makes a shell complete commands, settings and names."""

import click
from click.shell_completion import get_completion_class

from suite.cli.base import PROGRAM, Command


@click.command("completion", cls=Command, examples=["completion bash", "completion zsh", "completion fish"])
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script for a shell's completion.

    It completes commands, settings, and names of methods, models, tasks, scales and clusters.

    Put into the shell's start-up file: eval "$(lshmoe-bench completion bash)", the same with zsh, or for fish:
    lshmoe-bench completion fish | source
    """
    complete = get_completion_class(shell)
    assert complete is not None
    variable = f"_{PROGRAM}_COMPLETE".replace("-", "_").upper()
    print(complete(ctx.find_root().command, {}, PROGRAM, variable).source())
