"""``lshmoe-bench docs``."""

import click

from suite.cli.base import PROGRAM, Command


@click.command("docs", cls=Command, examples=["docs"])
@click.pass_context
def command(context: click.Context) -> None:
    """Write the generated pages of docs/ anew.

    The picture of the rooms, and the reference of commands, columns, configuration and records. For a checkout, after
    any of these changed; `make docs` builds the site from docs/.
    """
    from suite.documentation.pages import write_pages

    root = context.find_root().command
    assert isinstance(root, click.Group)
    for path in write_pages(root, PROGRAM):
        click.echo(path)
