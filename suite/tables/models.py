"""Table 1 of the paper beside this project's models.

Whatever the scale, the models are those of the ``paper`` sizes, built as shapes; no weight is allocated and no data are
read.
"""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.models import MILLION, ModelRow, compiled
from suite.config.paper.table1 import Table1, table1
from suite.tables.formatting import number
from suite.tables.sheet import Sheet
from suite.tables.table import Printed, Table

CAPTION = (
    "The paper's Table 1 beside this project's models at its sizes, with the reading of each printed parameter "
    "count that comes nearest to it."
)


def _paper(row: ModelRow) -> str:
    return _in_millions(row.paper)


def _ours(row: ModelRow) -> str:
    return _in_millions(row.ours)


def _counted(row: ModelRow) -> str:
    return _in_millions(row.counted)


def _in_millions(value: int | str | None) -> str:
    return f"{value / MILLION:,.6g} M" if isinstance(value, int) and value >= MILLION else number(value, "d")


def _readings(row: ModelRow) -> str:
    return f"{row.readings_matching} of {row.readings_tried}" if row.readings_tried else "–"


TABLE = Table(
    "models",
    ModelRow,
    "one row per cell of the paper's Table 1",
    CAPTION,
    printed=(
        *("model", "quantity"),
        Printed("paper", _paper),
        Printed("ours", _ours),
        *("match", "reading"),
        Printed("counted", _counted),
        "deviation",
        Printed("readings", _readings),
    ),
    about="Whatever the scale, ours are the models of the `paper` sizes, really built but as shapes (no weight is "
    "allocated, no data are read): `lshmoe-bench tables scale=nano tables=models`. Nobody has trained them at these "
    "sizes. What the paper prints, the tolerance and the readings tried are in `suite/conf/paper/table1.yaml`.",
)


def models_sheet(rows: Sequence[ModelRow], table: Table1, whole: Sequence[str]) -> Sheet:
    notes = [
        "Paper: as printed in its Table 1; `dense_params` is its total less its MoE parameters. Ours: this project's "
        "model at the `paper` size with everything counted, whatever the scale of this folder: its other sizes are "
        "smaller on purpose. Counted from the built models as shapes; nobody has trained them at this size. "
        f"Match: whether some reading comes within {table.tolerance:.0%} of the printed number; the nearest reading is "
        "shown, with what it counts. Readings: how many match, out of those tried that differ. Where many match, as "
        "in totals that are nearly all experts, a match says little; `dense_params` is the sharper test. Vocabulary "
        "50,257 is stated for RoBERTa-MoE alone (§4.2) and taken for the others too.",
        f"One reading for a whole row (MoE parameters and all others, {table.tolerance:.0%} each): {' '.join(whole)}",
    ]
    return TABLE.sheet("Models: the paper's Table 1", rows, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/models.{csv,md,tex}`` below ``folder``; they are the same at every scale."""
    rows, whole = compiled()
    return TABLE.write(folder, rows, models_sheet(rows, table1(), whole))
