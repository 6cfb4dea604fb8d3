"""A column is declared at the field of its row; what is not declared, missing or of a wrong type is noticed."""

import subprocess
import sys
from pathlib import Path

import pytest

from suite.analysis.columns import column, columns_of, table_row
from suite.analysis.estimate import Estimate
from suite.analysis.rows import MethodRow

ROOT = Path(__file__).parents[3]


@table_row
class Bandwidth(MethodRow):
    rate: float = column("bytes per second", "B/s", header="MB/s", form=".1f", factor=1e-6, better="higher")
    gain: Estimate | None = column("over vanilla", default=None)


def test_columns_follow_the_fields_and_estimates_have_an_interval():
    assert [column.name for column in columns_of(Bandwidth)] == ["model", "task", "method", "rate", "gain"]
    rate, gain = columns_of(Bandwidth)[-2:]
    assert (rate.unit, rate.header, rate.better, rate.csv_names) == ("B/s", "MB/s", "higher", ("rate",))
    assert (gain.header, gain.has_interval, gain.csv_names) == ("gain", True, ("gain", "gain_low", "gain_high"))


def test_a_missing_value_is_noticed():
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'rate'"):
        Bandwidth(model="gpt_moe", task="text_lm", method="lsh")


def test_a_field_without_a_declaration_is_named():
    with pytest.raises(TypeError, match=r"Undeclared\.rate: a row's field is declared by column"):

        @table_row
        class Undeclared:
            rate: float


def test_a_row_cannot_be_changed():
    row = Bandwidth(model="gpt_moe", task="text_lm", method="lsh", rate=1.0)
    with pytest.raises(AttributeError, match="cannot assign to field 'rate'"):
        row.rate = 2.0


ROWS = """
from suite.analysis.columns import column, table_row

@table_row
class Row:
    method: str = column("what was run")
    rate: float | None = column("rows sent over rows routed", default=None)

Row(method="lsh", rate=0.5).rate + 1
Row(method="lsh", rate="0.5")
Row(rate=0.5)
Row(method="lsh", ratio=0.5)
"""


def test_the_type_checker_refuses_wrong_types_missing_columns_and_unknown_ones(tmp_path):
    (tmp_path / "rows.py").write_text(ROWS)
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(tmp_path / "rows.py")]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    for line, reason in {
        9: "Unsupported operand types for +",
        10: 'Argument "rate" to "Row" has incompatible type "str"',
        11: 'Missing named argument "method"',
        12: 'Unexpected keyword argument "ratio"',
    }.items():
        assert f"rows.py:{line}: error: {reason}" in found
    assert found.count("error:") == 4 + found.count("suite/")
