"""The paper's Table 1 as data: ``suite/conf/paper/table1.yaml``, validated."""

from functools import cache
from typing import Any

import yaml
from pydantic import Field, PositiveFloat, PositiveInt

from suite.config.base import Strict
from suite.config.conf import CONF
from suite.config.validation import parse_options

TABLE1 = CONF / "paper" / "table1.yaml"


class Printed(Strict):
    """One row as printed; ``None`` where it prints no number. Parameters in millions."""

    layers: PositiveInt
    d_model: PositiveInt | None
    d_ffn: PositiveInt | None
    experts: PositiveInt
    moe_params: PositiveFloat | None
    total_params: PositiveFloat


class Text(Strict):
    """What a text model is built for."""

    vocabulary: PositiveInt
    context: PositiveInt


class Images(Strict):
    """What an image model is built for."""

    size: PositiveInt
    channels: PositiveInt
    classes: PositiveInt


class Placement(Strict):
    """A reading of which layers are MoE layers, and of how large the model is."""

    name: str
    size: dict[str, Any] = Field(description="changes to the model's paper size")
    dense_stacks: list[str] = Field([], description="MoE layers whose names start so stay dense")


class TableRow(Strict):
    """One model of Table 1; ``model`` is the configuration that rebuilds it, ``placements`` are further readings."""

    model: str
    title: str
    printed: Printed
    inputs: Text | Images
    placements: list[Placement] = Field([])


class Table1(Strict):
    """The table, with the readings that apply to all its rows."""

    tolerance: PositiveFloat = Field(description="relative deviation up to which two numbers match")
    placements: list[Placement] = Field(min_length=1)
    rows: list[TableRow] = Field(min_length=1)


@cache
def table1() -> Table1:
    """Read and validate Table 1.

    Raises:
        UserError: naming the field at fault.
    """
    return parse_options("paper.table1", Table1, yaml.safe_load(TABLE1.read_text()))
