"""The one command line, ``lshmoe-bench``: a module for each command or group of commands.

A module imports click alone, and what its command needs only when that is called: help and completion load neither
torch nor Hydra nor pandas. Commands of other packages join by the entry points of :data:`suite.cli.base.ENTRY_POINTS`.
"""

from suite.cli.root import main as main
