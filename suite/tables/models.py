"""Table 1 of the paper beside this project's models.

Whatever the scale, the models are those of the ``paper`` sizes, built as shapes; no weight is allocated and no data are
read.
"""

from pathlib import Path

from suite.analysis.models import MILLION, compiled
from suite.analysis.rows import Row
from suite.config.paper.table1 import Table1, table1
from suite.tables.formatting import main, table_files, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "The paper's Table 1 beside this project's models at its sizes, with the reading of each printed parameter "
    "count that comes nearest to it."
)
MODELS = "model quantity paper ours reading match counted deviation readings_matching readings_tried".split()


def models_sheet(rows: list[Row], table: Table1, whole: list[str]) -> Sheet:
    header = "model quantity paper ours match reading counted off readings".split()
    cells = [
        [
            *(str(row[name]) for name in ("model", "quantity")),
            *(_number(row[name]) for name in ("paper", "ours")),
            str(row["match"]),
            str(row["reading"] or "–"),
            _number(row.get("counted")),
            "–" if row.get("deviation") is None else f"{row['deviation']:+.2%}",
            f"{row['readings_matching']} of {row['readings_tried']}" if row.get("readings_tried") else "–",
        ]
        for row in rows
    ]
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
    return Sheet("Models: the paper's Table 1", header, cells, notes)


def _number(value: object) -> str:
    if value is None:
        return "–"
    return f"{value / MILLION:,.6g} M" if isinstance(value, int) and value >= MILLION else str(value)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/models.{csv,md,tex}`` below ``folder``; they are the same at every scale."""
    rows, whole = compiled()
    return write_tables(folder, table_files("models", rows, MODELS, CAPTION, models_sheet(rows, table1(), whole)))


if __name__ == "__main__":
    main(build)
