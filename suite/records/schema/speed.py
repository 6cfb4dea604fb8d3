"""Paired step times of several methods of one model on one task."""

from pydantic import Field, NonNegativeInt, PositiveInt

from suite.config.method import MethodConfig
from suite.records.schema.base import Part, Record, Seed
from suite.records.schema.block import Block, Fits
from suite.records.schema.data import DataSource
from suite.records.schema.environment import Environment
from suite.records.schema.weights import Weights


class TimedLink(Part):
    """All blocks on one link."""

    name: str = Field(
        description="lab_open, lab_30 for a share of 30 %, paced_30 if not real; without links the cluster's name"
    )
    share: float | None = Field(description="of all-to-all in vanilla's step that the link was set for")
    fit: Fits | None = Field(description="null for a network as it is")
    blocks: list[Block] = Field(description="in the order they were measured")

    def of(self, method: str) -> list[Block]:
        """A method's blocks by round."""
        return sorted((block for block in self.blocks if block.method == method), key=lambda block: block.round)


class SpeedRecord(Record):
    """``speed/<cluster>/<model>/<task>.json``."""

    model: str
    task: str
    scale: str
    cluster: str
    seed: Seed
    data: list[DataSource] = Field(min_length=1)
    weights: Weights
    warmup_steps: NonNegativeInt = Field(description="steps of each method before the first block")
    steps_per_block: PositiveInt
    servers: PositiveInt
    all_to_alls: PositiveInt = Field(description="all-to-alls per training step")
    methods: dict[str, MethodConfig] = Field(description="settings of each method that was timed")
    environment: Environment
    links: list[TimedLink] = Field(min_length=1)
