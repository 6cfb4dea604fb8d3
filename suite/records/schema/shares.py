"""All-to-all's share of vanilla's step as the cluster or the model grows (Fig. 3)."""

from pydantic import Field, PositiveInt

from suite.records.schema.base import Part, Record, Seed
from suite.records.schema.block import Block, Fits
from suite.records.schema.environment import Environment
from suite.records.schema.weights import Weights


class Variant(Part):
    """The base, or what grew."""

    variant: str = Field(description="base, doubled experts, doubled servers, …")
    servers: PositiveInt
    experts: PositiveInt
    all_to_alls: PositiveInt = Field(description="all-to-alls per training step")
    fit: Fits
    blocks: list[Block] = Field(min_length=2, description="on the slowed link")
    open_blocks: list[Block] = Field(min_length=2, description="on the open link")
    environment: Environment


class SharesRecord(Record):
    """``shares/<cluster>/<model>.json``; the base is the first variant."""

    model: str
    task: str
    scale: str
    cluster: str
    seed: Seed
    target_share: float = Field(description="of all-to-all in vanilla's step that the base's link was set for")
    weights: Weights
    top_k: PositiveInt = Field(description="experts per token")
    steps_per_block: PositiveInt
    slowdown: float = Field(description="how much longer computing took on the doubled servers, as a factor")
    variants: list[Variant] = Field(min_length=1)
