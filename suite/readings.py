"""Readings of Table 1: what its parameter counts may have counted, and which reading comes nearest to a number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lshmoe import moe_layers
from suite.blueprint import blueprint
from suite.config import parse_options
from suite.paper import Placement
from suite.parameters import Parameters, count
from suite.schema import ModelConfig
from suite.tasks.task import ImageInputs, TextInputs


@dataclass(frozen=True)
class Reading:
    """One model counted in one way; numbers of parameters.

    Attributes:
        layers: which layers are MoE layers, and whether biases and gates count.
        embeddings: whether embeddings count; empty for a model without any.
        moe: parameters of MoE layers.
        dense: all others.
    """

    layers: str
    embeddings: str
    moe: int
    dense: int

    @property
    def text(self) -> str:
        return ", ".join(part for part in (self.layers, self.embeddings) if part)


def readings(model: ModelConfig, inputs: TextInputs | ImageInputs, placements: Sequence[Placement]) -> list[Reading]:
    """Every placement, with or without biases (and norms), gates and embeddings; the plainest first."""
    found = []
    for placement in placements:
        counted, moe, tied = _build(model, inputs, placement)
        name = f"{placement.name} ({moe} MoE layer{'s' * (moe != 1)})"
        for biases in (True, False):
            for gates in (True, False):
                in_moe = counted.experts + biases * counted.expert_biases + gates * counted.gates
                rest = counted.attention + counted.ffn + counted.other + biases * counted.vectors
                layers = f"{name}, {'with' if biases else 'no'} biases, {'with' if gates else 'no'} gates"
                if not counted.embeddings:
                    found.append(Reading(layers, "", in_moe, rest))
                    continue
                found += [
                    Reading(layers, "with embeddings", in_moe, rest + counted.embeddings),
                    Reading(layers, "no embeddings", in_moe, rest),
                    Reading(layers, "output layer not tied", in_moe, rest + counted.embeddings + tied),
                ]
    return found


def _build(model: ModelConfig, inputs: TextInputs | ImageInputs, placement: Placement) -> tuple[Parameters, int, int]:
    """Parameters of one placement, its number of MoE layers, and the size of an output layer of its own."""
    paper = model.sizes["paper"]
    field = f"paper.table1.{model.name}.placements.size"
    size = parse_options(field, type(paper), paper.model_dump() | placement.size)
    built = blueprint(model.host, size, inputs)
    dense = tuple(placement.dense_stacks)
    layers = [layer for layer in moe_layers(built) if not layer.name.startswith(dense)]
    tied = len(inputs.dictionary) * size.width if isinstance(inputs, TextInputs) else 0
    return count(built, dense), len(layers), tied


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


def nearest(
    printed: float,
    candidates: Sequence[Reading],
    value: Callable[[Reading], int],
    text: Callable[[Reading], str],
    tolerance: float,
) -> Nearest:
    """Find the reading whose ``value`` is nearest to ``printed``."""
    values: dict[int, str] = {}
    for reading in candidates:
        values.setdefault(value(reading), text(reading))
    deviations = {number: number / printed - 1 for number in values}
    best = min(values, key=lambda number: abs(deviations[number]))
    matching = sum(abs(deviation) <= tolerance for deviation in deviations.values())
    return Nearest(values[best], best, deviations[best], matching, len(values))
