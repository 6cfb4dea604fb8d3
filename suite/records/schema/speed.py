"""Paired step times of several methods of one model on one task."""

from pydantic import Field, PositiveInt

from suite.config.base import NonNegativeInt
from suite.config.method import MethodConfig
from suite.records.schema.base import ClusterName, ModelName, Part, Record, ScaleName, Seed, TaskName
from suite.records.schema.block import Block, Fits
from suite.records.schema.data import DataSource
from suite.records.schema.environment import Environment
from suite.records.schema.weights import Weights


class TimedLink(Part):
    """All blocks on one link in one session."""

    session: NonNegativeInt = Field(
        default=0, description="from 0; each has process groups and link set-ups of its own"
    )
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

    model: ModelName
    task: TaskName
    scale: ScaleName
    cluster: ClusterName
    seed: Seed
    data: list[DataSource] = Field(min_length=1, description="what it was measured on")
    weights: Weights = Field(description="the weights that every method had")
    warmup_steps: NonNegativeInt = Field(description="steps of each method before the first block")
    steps_per_block: PositiveInt = Field(description="training steps per block")
    servers: PositiveInt = Field(description="servers of the cluster")
    all_to_alls: PositiveInt = Field(description="all-to-alls per training step")
    methods: dict[str, MethodConfig] = Field(description="settings of each method that was timed")
    environment: Environment = Field(description="what the ranks ran on")
    links: list[TimedLink] = Field(min_length=1, description="the same methods on each link, in each session")
