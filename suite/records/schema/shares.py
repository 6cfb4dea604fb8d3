"""All-to-all's share of the reference's step as the cluster or the model grows (Fig. 3)."""

from pydantic import Field, PositiveInt

from suite.records.schema.base import ClusterName, MethodName, ModelName, Part, Record, ScaleName, Seed, TaskName
from suite.records.schema.block import Block, Fits
from suite.records.schema.environment import Environment
from suite.records.schema.weights import Weights


class Variant(Part):
    """The base, or what grew."""

    variant: str = Field(description="base, doubled experts, doubled servers, …")
    servers: PositiveInt = Field(description="servers of the cluster")
    experts: PositiveInt = Field(description="experts per MoE layer")
    all_to_alls: PositiveInt = Field(description="all-to-alls per training step")
    fit: Fits = Field(description="of the slowed link")
    blocks: list[Block] = Field(min_length=2, description="on the slowed link")
    open_blocks: list[Block] = Field(min_length=2, description="on the open link")
    environment: Environment = Field(description="what the ranks ran on")


class SharesRecord(Record):
    """``shares/<cluster>/<model>.json``; the base is the first variant."""

    model: ModelName
    task: TaskName
    scale: ScaleName
    cluster: ClusterName
    seed: Seed
    target_share: float = Field(description="of all-to-all in the reference's step that the base's link was set for")
    reference: MethodName = Field(default="vanilla", description="the method that was measured; older records lack it")
    weights: Weights = Field(description="the weights that every method had")
    top_k: PositiveInt = Field(description="experts per token")
    steps_per_block: PositiveInt = Field(description="training steps per block")
    slowdown: float = Field(description="how much longer computing took on the doubled servers, as a factor")
    variants: list[Variant] = Field(min_length=1, description="the base first")
