"""Readings of Table 1: what its parameter counts may have counted, and which reading comes nearest to a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from lshmoe import moe_layers
from suite.config.model import ModelConfig
from suite.config.paper.table1 import Placement
from suite.config.validation import parse_options
from suite.costmodel.memory.blueprint import blueprint
from suite.costmodel.memory.parameters import Parameters, count
from suite.tasks.task import ImageInputs, TextInputs

Quantity = Literal["moe", "total", "dense"]


@dataclass(frozen=True)
class Reading:
    """One model counted in one way; numbers of parameters.

    Attributes:
        placement: which layers are MoE layers.
        biases, gates, embeddings: whether they count; the last is empty for a model without any.
        moe: parameters of MoE layers.
        dense: all others.
    """

    placement: str
    biases: str
    gates: str
    embeddings: str
    moe: int
    dense: int

    @property
    def total(self) -> int:
        """Both."""
        return self.moe + self.dense

    def text(self, quantity: Quantity) -> str:
        """The choices that ``quantity`` depends on, in words."""
        gates = "" if quantity == "dense" else self.gates
        embeddings = "" if quantity == "moe" else self.embeddings
        return ", ".join(part for part in (self.placement, self.biases, gates, embeddings) if part)


def readings(model: ModelConfig, inputs: TextInputs | ImageInputs, placements: Sequence[Placement]) -> list[Reading]:
    """Every placement, with or without biases (and norms), gates and embeddings; the plainest first."""
    found = []
    for placement in placements:
        counted, moe, output_layer = _build(model, inputs, placement)
        name = f"{placement.name} ({moe} MoE layer{'s' * (moe != 1)})"
        embeddings = {"": 0}
        if counted.embeddings:
            untied = counted.embeddings + output_layer
            embeddings = {"with embeddings": counted.embeddings, "no embeddings": 0, "output layer not tied": untied}
        for biases, gates, (words, embedded) in product((True, False), (True, False), embeddings.items()):
            found.append(
                Reading(
                    name,
                    "with biases" if biases else "no biases",
                    "with gates" if gates else "no gates",
                    words,
                    moe=counted.experts + biases * counted.expert_biases + gates * counted.gates,
                    dense=counted.attention + counted.ffn + counted.other + biases * counted.vectors + embedded,
                )
            )
    return found


def _build(model: ModelConfig, inputs: TextInputs | ImageInputs, placement: Placement) -> tuple[Parameters, int, int]:
    """Parameters of one placement, its number of MoE layers, and the size of an output layer of its own."""
    paper = model.sizes["paper"]
    field = f"paper.table1.{model.name}.placements.size"
    size = parse_options(field, type(paper), paper.model_dump() | placement.size)
    built = blueprint(model.host, size, inputs)
    dense = tuple(placement.dense_stacks)
    layers = [layer for layer in moe_layers(built) if not layer.name.startswith(dense)]
    output_layer = len(inputs.dictionary) * size.width if isinstance(inputs, TextInputs) else 0
    return count(built, dense), len(layers), output_layer


@dataclass(frozen=True)
class Nearest:
    """The reading nearest to a printed number, the plainest of equally near ones.

    Attributes:
        text: the reading.
        value: what it counts.
        deviation: ``value / printed - 1``.
        matching: readings within the tolerance, out of ``tried`` that count something different.
    """

    text: str
    value: int
    deviation: float
    matching: int
    tried: int


def nearest(printed: float, candidates: Sequence[Reading], quantity: Quantity, tolerance: float) -> Nearest:
    """Find the reading whose ``quantity`` is nearest to ``printed``."""
    texts: dict[int, str] = {}
    for reading in candidates:
        texts.setdefault(getattr(reading, quantity), reading.text(quantity))
    deviations = {value: value / printed - 1 for value in texts}
    best = min(deviations, key=lambda value: abs(deviations[value]))
    matching = sum(abs(deviation) <= tolerance for deviation in deviations.values())
    return Nearest(texts[best], best, deviations[best], matching, len(texts))
