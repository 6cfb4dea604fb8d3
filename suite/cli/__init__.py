"""The one command line, ``lshmoe-bench``: a module for each command or group of commands.

A module imports click alone, and what its command needs only when that is called: help and completion load neither
torch nor Hydra nor pandas. Commands of other packages join by the entry points of :data:`suite.cli.base.ENTRY_POINTS`.
"""

from suite.errors import exit_on_error


def main() -> None:
    """Run the command that the process was given; the entry point of ``lshmoe-bench``."""
    with exit_on_error():
        from suite.cli.root import run  # click comes with the bench alone

        run()
