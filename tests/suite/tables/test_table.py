"""A table is one file: with its rows, its columns and its page in the documentation."""

import shutil
import sys
from pathlib import Path

import pytest

import suite.tables
from suite.analysis.columns import column, table_row
from suite.analysis.estimate import Estimate
from suite.analysis.rows import AtFault, MethodRow
from suite.tables import build as tables
from suite.tables.documentation import columns_markdown
from suite.tables.sheet import to_markdown
from suite.tables.table import Printed, Table

ROOT = Path(__file__).parents[3]


@table_row
class SizeRow(MethodRow):
    bytes: float = column("of all rows", "B", header="kB", form=".1f", factor=1e-3, better="lower")
    gain: Estimate | None = column("over vanilla", "ratio", form=".2f", tells_fault=True)
    note: str | None = column("a remark", default=None)


def _shout(row: SizeRow) -> str:
    return (row.note or "nothing").upper()


SIZES = Table("sizes", SizeRow, "one row per method", "Sizes.", ("method", "bytes", "gain", Printed("said", _shout)))
ROWS = [
    SizeRow(model="m", task="t", method="lsh", bytes=1234567.8, gain=Estimate(2.0, 1.5, 2.5), note="good"),
    SizeRow(model="m", task="t", method="vanilla", bytes=2000.0, gain=None),
    SizeRow(model="m", task="t", method="int8", bytes=1000.0, gain=Estimate(1.25)),
    AtFault("m", "t", "fp8"),
]


def test_the_csv_has_every_column_and_three_of_an_estimate():
    assert SIZES.to_csv(ROWS).splitlines() == [
        "model,task,method,bytes,gain,gain_low,gain_high,note",
        "m,t,lsh,1.23457e+06,2,1.5,2.5,good",
        "m,t,vanilla,2000,,,,",
        "m,t,int8,1000,1.25,,,",
        "m,t,fp8,,invalid record,,,",
    ]


def test_the_sheet_has_the_printed_ones_in_their_format():
    sheet = SIZES.sheet("Sizes", ROWS, ["A note."])
    assert (sheet.header, sheet.words) == (["method", "kB", "gain", "said"], ["method"])
    assert sheet.cells == [
        ["lsh", "1234.6", "2.00 [1.50, 2.50]", "GOOD"],
        ["vanilla", "2.0", "–", "NOTHING"],
        ["int8", "1.0", "1.25", "NOTHING"],
        ["fp8", "–", "invalid record", "–"],
    ]
    assert to_markdown(sheet).startswith("### Sizes\n\n| method   |     kB |")


def test_a_printed_column_that_the_row_lacks_is_named():
    with pytest.raises(ValueError, match="sizes: SizeRow has no column 'gian'; it has model, task, method"):
        Table("sizes", SizeRow, "one row per method", "Sizes.", ("method", "gian"))


def test_without_a_sheet_there_is_a_csv_alone(tmp_path):
    assert [path.name for path in SIZES.write(tmp_path, ROWS)] == ["sizes.csv"]


MODULE = '''
"""How many rows each method sends."""

from suite.analysis.columns import column, table_row
from suite.tables.table import Table

CAPTION = "Rows that travel."


@table_row
class RowsRow:
    method: str = column("what was run", words=True)
    rows: int = column("rows sent", "rows", better="lower")


TABLE = Table("sent_rows", RowsRow, "one row per method", CAPTION, printed=("method", "rows"))


def build(folder, scale):
    rows = [RowsRow(method="vanilla", rows=100), RowsRow(method="lsh", rows=25)]
    return TABLE.write(folder, rows, TABLE.sheet(f"Rows, scale {scale}", rows, []))
'''


@pytest.fixture
def with_one_more_file(tmp_path, monkeypatch):
    """The package of tables, in a copy, with one more file."""
    package = tmp_path / "tables"
    shutil.copytree(Path(suite.tables.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "sent_rows.py").write_text(MODULE)
    monkeypatch.setattr(suite.tables, "__path__", [str(package)])
    monkeypatch.setattr(suite.tables.__spec__, "origin", str(package / "__init__.py"))
    yield
    sys.modules.pop("suite.tables.sent_rows", None)


def test_adding_a_table_is_adding_one_file(with_one_more_file, tmp_path):
    assert "sent_rows" in suite.tables.names()
    paths = tables.build(tmp_path, "nano", ["sent_rows"])
    assert [path.name for path in paths] == ["sent_rows.csv", "sent_rows.md", "sent_rows.tex"]
    csv, markdown, latex = (path.read_text() for path in paths)
    assert csv == "method,rows\nvanilla,100\nlsh,25\n"
    assert "### Rows, scale nano" in markdown and "| lsh      |     25 |" in markdown
    assert r"\caption{Rows, scale nano. Rows that travel.}" in latex
    page = columns_markdown([sys.modules["suite.tables.sent_rows"]])
    assert "## `sent_rows.csv`: one row per method" in page
    assert "| `rows` | rows | lower | rows sent |" in page


def test_the_documentation_is_what_the_declarations_say():
    page = (ROOT / "docs/columns.md").read_text()
    assert page == columns_markdown(), "docs/columns.md is stale: write suite.tables.documentation.columns_markdown()"
    assert page.count("\n## ") == len(suite.tables.names()) + 1  # prediction makes two tables
