"""``docs/columns.md``: every column of every table, from the declarations at the rows."""

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from suite.analysis.columns import Column
from suite.loading import load
from suite.tables import names
from suite.tables.table import Table

HEAD = """\
# What the columns mean

This page is made from the declarations of the tables' rows, in `suite/analysis` beside the functions that compute them.

Tables are computed from the records of one scale alone, or from no record at all: `lshmoe-bench tables scale=nano`
rebuilds them without training anything, byte for byte, `lshmoe-bench tables scale=nano tables=speedup,runs` some of
them. Each is there as CSV, Markdown and LaTeX (`.tex`, for `booktabs`, `array` and `adjustbox`). A missing value is
empty (– in Markdown). A truncated, duplicated or edited record makes its place say `invalid record`, and the reason is
printed; everything else is still built.

Columns `…_low` and `…_high` are the ends of an interval. Better: whether higher or lower values speak for a method.

The tables of a study, `sweeps/<study>/*.csv`, are explained in [sweeps.md](sweeps.md). Figures have no columns:
`figures/index.json` holds the caption and the files of each that `lshmoe-bench figures scale=nano` drew, and under
`not_drawn` why the records do not allow the others; `figures=pareto,audit` draws some and leaves the index alone.
"""


def columns_markdown(modules: Sequence[ModuleType] | None = None) -> str:
    """The page.

    Args:
        modules: those of the tables to explain, by default all in ``suite.tables``.
    """
    if modules is None:
        modules = load("suite.tables", "tables", None, names())
    return "\n".join([HEAD, *(_section(table) for module in modules for table in tables_of(module))])


def tables_of(module: ModuleType) -> Iterator[Table[Any]]:
    """The tables that a module declares, in its order."""
    yield from (value for value in vars(module).values() if isinstance(value, Table))


def _section(table: Table[Any]) -> str:
    lines = [_line(column) for column in table.columns]
    parts = [
        f"## `{table.name}.csv`: {table.grain}",
        table.about,
        "\n".join(["| column | unit | better | meaning |", "|---|---|---|---|", *lines]),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _line(column: Column) -> str:
    called = ", ".join(f"`{name}`" for name in column.csv_names)
    return f"| {called} | {column.unit} | {column.better or ''} | {column.meaning} |"
