"""Errors of methods against exact dispatch, on the same weights and held-out batches."""

from typing import Literal

from pydantic import Field, PositiveInt

from suite.config.base import NonNegativeFloat, NonNegativeInt
from suite.config.method import MethodConfig
from suite.records.schema.base import ClusterName, MethodName, ModelName, Part, Record, ScaleName, Seed, TaskName
from suite.records.schema.data import DataSource
from suite.records.schema.environment import Environment
from suite.records.schema.weights import Weights


class Divergence(Part):
    """How far a method's value a lies from the exact e, over all ranks."""

    relative_error: NonNegativeFloat = Field(description="‖a − e‖ / ‖e‖")
    cosine: float = Field(description="of the angle between a and e")


class Comparison(Part):
    """One method on one batch with one hash seed."""

    method: MethodName
    batch: NonNegativeInt = Field(description="from 0")
    hash_seed: NonNegativeInt = Field(description="number of the draw, from 0")
    loss: float = Field(description="in nats per target")
    exact_loss: float = Field(description="the same of exact dispatch")
    rate: NonNegativeFloat = Field(description="rows sent over rows routed")
    relative_bytes: NonNegativeFloat = Field(description="bytes over those of all routed rows on a 16-bit wire")
    layer: Divergence = Field(description="of the first MoE layer's output, whose input no method has touched")
    output: Divergence = Field(description="of the logits, centred over classes")
    dense_gradient: Divergence = Field(description="of the gradient of all replicated parameters")
    expert_gradient: Divergence = Field(description="of the gradient of all experts' parameters")


class CauseRate(Part):
    """What a supposed cause of alike tokens does to the rate of equally many rows."""

    cause: Literal["repeated tokens", "attention"] = Field(
        description="`repeated tokens`: natural text against rows of distinct tokens; `attention`: rows after an "
        "attention layer against its input"
    )
    text: NonNegativeInt = Field(description="number of the text, from 0")
    hash_seed: NonNegativeInt = Field(description="number of the draw, from 0")
    rows: PositiveInt = Field(description="that were clustered, the same with and without")
    rate_with: NonNegativeFloat = Field(description="clusters over rows with the cause")
    rate_without: NonNegativeFloat = Field(description="clusters over rows without it")


class ProbeRecord(Record):
    """``probe/<model>/<task>.json``."""

    model: ModelName
    task: TaskName
    scale: ScaleName
    cluster: ClusterName
    seed: Seed
    data: list[DataSource] = Field(min_length=1, description="what it was measured on")
    weights: Weights = Field(description="the weights that every method had")
    examples_per_batch: PositiveInt = Field(description="held-out examples per batch, over all ranks")
    methods: dict[str, MethodConfig] = Field(description="settings of each method that was compared")
    environment: Environment = Field(description="what the ranks ran on")
    comparisons: list[Comparison] = Field(min_length=1, description="one per method, batch and hash seed")
    causes: list[CauseRate] = Field([], description="one per cause, text and hash seed; empty where not measured")
