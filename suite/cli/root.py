"""The group of all commands, and what a refused command line says."""

import sys

import click

from suite.cli import (
    claims,
    completion,
    crate,
    docs,
    figures,
    lab,
    listing,
    manifest,
    measure,
    plan,
    prepare,
    reference,
    report,
    resources,
    tables,
    track,
    train,
    verify,
)
from suite.cli.base import PROGRAM, OpenGroup, joined
from suite.cli.words import Words
from suite.errors import UserError


class _Root(OpenGroup):
    def join(self) -> None:
        for name, command in joined().items():
            self.add_command(command, name)


@click.group(PROGRAM, cls=_Root, context_settings={"max_content_width": 110})
def root() -> None:
    """The executable, audited reproduction of LSH-MoE.

    Settings are written field=value, as in model=gpt_moe method=lsh scale=nano; the help of each command shows
    examples. `make reproduce` runs the whole pipeline.
    """


for module in (listing, plan, prepare, train, measure, tables, figures, claims, report):
    root.add_command(module.command)
for module in (manifest, crate, verify, lab, track, docs, completion, resources, reference):
    root.add_command(module.command)


def run() -> None:
    """Run the command that the process was given, and exit with its code.

    Raises:
        UserError: a command line that click refuses, or one that a command does.
    """
    try:
        code = root.main(prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:  # what a group prints without a command
        error.show()
        code = error.exit_code
    except click.UsageError as error:
        raise UserError(_explained(error)) from None
    except click.Abort:
        raise KeyboardInterrupt from None
    sys.exit(code)


def _explained(error: click.UsageError) -> str:
    """What is wrong with a command line, and where to look."""
    message = error.format_message()
    context = error.ctx
    if context is None:
        return message
    takes_words = any(isinstance(parameter.type, Words) for parameter in context.command.params)
    if takes_words and isinstance(error, click.NoSuchOption) and not error.possibilities:
        message += f" Settings are written {error.option_name.lstrip('-')}=VALUE."
    return f"{message} See: {context.command_path} --help"
