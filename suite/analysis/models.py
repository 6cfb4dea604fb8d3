"""The paper's Table 1: its numbers beside those of this project's models, built as shapes."""

from functools import cache

import torch

from lshmoe import moe_layers
from suite.analysis.columns import column, table_row
from suite.analysis.readings import Quantity, Reading, nearest, readings
from suite.config.compose import compose
from suite.config.conf import choices
from suite.config.model import ModelConfig
from suite.config.paper.table1 import Images, Table1, TableRow, Text, table1
from suite.costmodel.memory.blueprint import blueprint
from suite.costmodel.memory.parameters import count
from suite.data.made_up import made_up_tokenizer
from suite.data.tokenizer import make_dictionary
from suite.tasks.task import ImageInputs, TextInputs

MILLION = 1e6
# The row that asks whether one model gives all of the printed numbers, and where §4.1 says that MoE layers are.
TOGETHER, STATED = "all_params", "every other layer"


@table_row
class ModelRow:
    """One cell of Table 1."""

    model: str = column("the paper's name", words=True)
    quantity: str = column(
        "`layers` (of an encoder–decoder: of either half), `d_model`, `d_ffn`, `experts`; `moe_params`; "
        "`total_params`; `dense_params`, the paper's total less its MoE parameters; `all_params`, these numbers by one "
        "reading with MoE layers where the text says they are",
        words=True,
    )
    paper: int | str | None = column(
        "as printed, parameters in units; `varies` where it prints that, empty where it prints nothing", "number"
    )
    ours: int | str = column(
        "this project's model with everything counted: for `moe_params` experts, their biases and gates", "number"
    )
    reading: str | None = column(
        "which layers are MoE layers, and whether biases (with norms), gates and embeddings count, in the reading "
        "nearest to the printed number; `none; nearest: …` if it is not within the tolerance",
        words=True,
    )
    match: str = column("`yes` if a reading comes within 1 %, `no`, or `not stated`")
    counted: int | None = column("what that reading counts", "parameters", default=None)
    deviation: float | None = column(
        "`counted` over `paper`, less 1", "fraction", header="off", form="+.2%", default=None
    )
    readings_matching: int | None = column("how many readings are within the tolerance", "readings", default=None)
    readings_tried: int | None = column(
        "of how many that count different numbers; where many match, a match says little", "readings", default=None
    )


def model_rows(row: TableRow, candidates: list[Reading], tolerance: float) -> list[ModelRow]:
    """One row per cell of a model."""
    model = _model(row)
    built = blueprint(model.host, model.sizes["paper"], made_up_inputs(row.inputs))
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
        *_shape_rows(row, model, built),
        *(
            _parameter_row(row.title, paper, ours, candidates, tolerance, quantity)
            for quantity, paper, ours in parameters
        ),
        together(row, counted.total, candidates, tolerance),
    ]


def _shape_rows(row: TableRow, model: ModelConfig, built: torch.nn.Module) -> list[ModelRow]:
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
        ModelRow(
            model=row.title,
            quantity=quantity,
            paper="varies" if printed[quantity] is None else printed[quantity],
            ours="/".join(map(str, values)),
            reading="as configured",
            match=_yes(len(values) > 1 if printed[quantity] is None else values == [printed[quantity]]),
        )
        for quantity, values in ours.items()
    ]


def _parameter_row(
    model: str, millions: float | None, ours: int, candidates: list[Reading], tolerance: float, quantity: Quantity
) -> ModelRow:
    name = f"{quantity}_params"
    if millions is None:
        return ModelRow(model=model, quantity=name, paper=None, ours=ours, reading=None, match="not stated")
    best = nearest(millions * MILLION, candidates, quantity, tolerance)
    return ModelRow(
        model=model,
        quantity=name,
        paper=round(millions * MILLION),
        ours=ours,
        reading=best.text if best.matching else f"none; nearest: {best.text}",
        match=_yes(best.matching > 0),
        counted=best.value,
        deviation=best.deviation,
        readings_matching=best.matching,
        readings_tried=best.tried,
    )


def together(row: TableRow, ours: int, candidates: list[Reading], tolerance: float) -> ModelRow:
    """Whether one reading gives every printed number; the one whose largest deviation is least is named."""
    printed = row.printed
    wanted = {"total": printed.total_params * MILLION}
    if printed.moe_params is not None:
        wanted = {"moe": printed.moe_params * MILLION, "dense": (printed.total_params - printed.moe_params) * MILLION}
    stated = [reading for reading in candidates if STATED in reading.placement]
    off = {
        reading: max(abs(getattr(reading, name) / value - 1) for name, value in wanted.items()) for reading in stated
    }
    best = min(stated, key=lambda reading: off[reading])
    matching = len({(one.moe, one.dense) for one in stated if off[one] <= tolerance})
    return ModelRow(
        model=row.title,
        quantity=TOGETHER,
        paper=round(printed.total_params * MILLION),
        ours=ours,
        reading=best.text("total") if matching else f"none; nearest: {best.text('total')}",
        match=_yes(matching > 0),
        counted=best.total,
        deviation=best.total / (printed.total_params * MILLION) - 1,
        readings_matching=matching,
        readings_tried=len({(one.moe, one.dense) for one in stated}),
    )


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
    return readings(_model(row), made_up_inputs(row.inputs), [*table.placements, *row.placements])


def _model(row: TableRow) -> ModelConfig:
    return compose([f"model={row.model}", "scale=paper"]).model


def made_up_inputs(wanted: Text | Images) -> TextInputs | ImageInputs:
    """What a host is built for; a dictionary holds made-up symbols."""
    if isinstance(wanted, Images):
        return ImageInputs(wanted.size, wanted.channels, wanted.classes)
    return TextInputs(make_dictionary(made_up_tokenizer(wanted.vocabulary)), wanted.context)


@cache
def compiled() -> tuple[list[ModelRow], list[str]]:
    """All rows, and the sentence on each whole row; building the models takes seconds and depends on no record."""
    table = table1()
    rows: list[ModelRow] = []
    whole = []
    for row in table.rows:
        if row.model not in choices("model"):
            whole.append(f"{row.title}: not compared, as there is no model {row.model} here.")
            continue
        candidates = row_readings(table, row)
        rows += model_rows(row, candidates, table.tolerance)
        whole.append(whole_row(row, candidates, table.tolerance))
    return rows, whole
