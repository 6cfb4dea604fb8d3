"""Tables, each from records or configurations alone: ``lshmoe-bench tables scale=nano`` builds all of them.

One module per table; ``lshmoe-bench tables scale=nano tables=audit`` builds that one alone. A module has a
:class:`~suite.tables.table.Table`, its ``CAPTION``, what is shown and how to read it, and ``build(folder, scale)``; its
files have its name, or those that it lists as ``NAMES``. A new module here is a new table, in the documentation too.
"""

from suite.loading import offered

HELPERS = ("build", "documentation", "formatting", "latex", "sheet", "table")


def names() -> list[str]:
    """Every table's module."""
    return offered(__name__, HELPERS)
