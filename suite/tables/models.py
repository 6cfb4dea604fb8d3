"""Table 1 of the paper beside this project's models.

Whatever the scale, the models are those of the ``paper`` sizes, built as shapes; no weight is allocated and no data are
read.
"""

from functools import cache
from pathlib import Path

import torch

from lshmoe import moe_layers
from suite.blueprint import blueprint
from suite.config import choices, compose
from suite.parameters import count
from suite.readings import Quantity, Reading, nearest, readings
from suite.rows import Row
from suite.schema import ModelConfig
from suite.table1 import Table1, TableRow, table1
from suite.tables.formatting import main, table_files, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "The paper's Table 1 beside this project's models at its sizes, with the reading of each printed parameter "
    "count that comes nearest to it."
)
READS: tuple[str, ...] = ()  # of the records
MODELS = "model quantity paper ours reading match counted deviation readings_matching readings_tried".split()
MILLION = 1e6


def model_rows(row: TableRow, candidates: list[Reading], tolerance: float) -> list[Row]:
    """One row per cell of a model; see docs/columns.md."""
    model = _model(row)
    built = blueprint(model.host, model.sizes["paper"], row.inputs.build())
    counted = count(built)
    moe = counted.sharded + counted.gates
    printed = row.printed
    rest = None if printed.moe_params is None else printed.total_params - printed.moe_params
    parameters: list[tuple[Quantity, float | None, int]] = [
        ("moe", printed.moe_params, moe),
        ("total", printed.total_params, counted.total),
        ("dense", rest, counted.total - moe),
    ]
    return [
        *({"model": row.title, **cell} for cell in _shape_rows(row, model, built)),
        *(
            {
                "model": row.title,
                "quantity": f"{quantity}_params",
                **_parameter_row(paper, ours, candidates, tolerance, quantity),
            }
            for quantity, paper, ours in parameters
        ),
    ]


def _shape_rows(row: TableRow, model: ModelConfig, built: torch.nn.Module) -> list[Row]:
    layers = model.sizes["paper"].layers
    moe = moe_layers(built)
    ours = {
        "layers": [sum(layers) if isinstance(layers, list) else layers],
        "d_model": sorted({layer.dim for layer in moe}),
        "d_ffn": sorted({layer.experts.w1_LDF.shape[2] for layer in moe}),
        "experts": sorted({layer.num_experts for layer in moe}),
    }
    printed = {quantity: getattr(row.printed, quantity) for quantity in ours}
    return [
        {
            "quantity": quantity,
            "paper": "varies" if printed[quantity] is None else printed[quantity],
            "ours": "/".join(map(str, values)),
            "reading": "as configured",
            "match": _yes(len(values) > 1 if printed[quantity] is None else values == [printed[quantity]]),
        }
        for quantity, values in ours.items()
    ]


def _parameter_row(
    millions: float | None, ours: int, candidates: list[Reading], tolerance: float, quantity: Quantity
) -> Row:
    if millions is None:
        return {"paper": None, "ours": ours, "reading": None, "match": "not stated"}
    best = nearest(millions * MILLION, candidates, quantity, tolerance)
    return {
        "paper": round(millions * MILLION),
        "ours": ours,
        "reading": best.text if best.matching else f"none; nearest: {best.text}",
        "match": _yes(best.matching > 0),
        "counted": best.value,
        "deviation": best.deviation,
        "readings_matching": best.matching,
        "readings_tried": best.tried,
    }


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def whole_row(row: TableRow, candidates: list[Reading], tolerance: float) -> str:
    """Whether one reading gives both parameter numbers of a row; the second is judged by what is not MoE."""
    printed = row.printed
    if printed.moe_params is None:
        return f"{row.title}: prints one number only."
    moe, rest = printed.moe_params * MILLION, (printed.total_params - printed.moe_params) * MILLION
    fitting = [r for r in candidates if abs(r.moe / moe - 1) <= tolerance]
    if not fitting:
        return f"{row.title}: none, as none gives its MoE parameters."
    best = min(fitting, key=lambda r: (abs(r.dense / rest - 1), abs(r.moe / moe - 1)))
    off = best.dense / rest - 1
    if abs(off) <= tolerance:
        return f"{row.title}: {best.text('total')}."
    return f"{row.title}: none; of those that give its MoE parameters, the nearest is off by {off:+.1%} in the others."


def row_readings(table: Table1, row: TableRow) -> list[Reading]:
    """Every reading of a row; which numbers are printed plays no part."""
    return readings(_model(row), row.inputs.build(), [*table.placements, *row.placements])


def _model(row: TableRow) -> ModelConfig:
    return compose([f"model={row.model}", "scale=paper"]).model


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


@cache
def compiled() -> tuple[list[Row], list[str]]:
    """All rows, and the sentence on each whole row; building the models takes seconds and depends on no record."""
    table = table1()
    rows, whole = [], []
    for row in table.rows:
        if row.model not in choices("model"):
            whole.append(f"{row.title}: not compared, as there is no model {row.model} here.")
            continue
        candidates = row_readings(table, row)
        rows += model_rows(row, candidates, table.tolerance)
        whole.append(whole_row(row, candidates, table.tolerance))
    return rows, whole


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/models.{csv,md,tex}`` below ``folder``; they are the same at every scale."""
    rows, whole = compiled()
    return write_tables(folder, table_files("models", rows, MODELS, CAPTION, models_sheet(rows, table1(), whole)))


if __name__ == "__main__":
    main(build)
