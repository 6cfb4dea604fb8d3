"""What a finished run came to."""

from typing import Literal

from pydantic import Field, PositiveInt

from suite.config.base import NonNegativeInt
from suite.config.task import StartsFrom, StartsFromWeights
from suite.records.schema.base import MethodName, ModelName, Part, Record, ScaleName, Seed, Sha256, TaskName
from suite.records.schema.data import DataSource
from suite.records.vocabulary import Kind


class StreamSeeds(Part):
    """Roots of the three streams of randomness."""

    model: NonNegativeInt = Field(description="of initial weights and dropout")
    data: NonNegativeInt = Field(description="of the order of the data")
    hash: NonNegativeInt = Field(description="of the hash's draw")


class Metric(Part):
    """The metric by which runs of a task are compared."""

    name: str = Field(description="a key of final")
    higher_is_better: bool = Field(description="whether it rises as a model gets better")


class Baseline(Part):
    """The trivial model that every run must beat."""

    name: str = Field(description="what it always answers")
    quality: dict[str, float] = Field(description="its metrics on the held-out examples, by name")


class KindCounts(Part):
    """Rows of one kind over all training steps."""

    routed: NonNegativeInt = Field(description="rows that the gate routed")
    sent: NonNegativeInt = Field(description="rows that entered an all-to-all")


class Summary(Record):
    """``summary.json``, written last: there is one if and only if the run is complete.

    Means over training steps are null in a run that took none.
    """

    status: Literal["complete"] = Field(default="complete", description="a run that is not complete has no summary")
    model: ModelName
    task: TaskName
    method: MethodName
    seed: Seed
    seeds: StreamSeeds = Field(description="roots of the streams of randomness")
    scale: ScaleName
    cluster: str = Field(description="where it trained")
    config_sha256: Sha256 = Field(description="of what decides the run's numbers")
    git_commit: str | None = Field(description="checked-out commit; null outside a git checkout")
    steps: NonNegativeInt = Field(description="training steps taken")
    data: list[DataSource] = Field(min_length=1, description="what it was trained on")
    starts_from: StartsFrom | StartsFromWeights | None = Field(
        description="the run, or the trained model, whose weights it started from; null is from scratch"
    )
    route_padding: bool = Field(description="whether padding went to experts")
    metric: Metric = Field(description="by which runs of the task are compared")
    final: dict[str, float] = Field(description="metrics of the last evaluation, by name")
    held_out_examples: PositiveInt | None = Field(
        default=None, description="examples of that evaluation, over all ranks; null where an older record does not say"
    )
    baseline: Baseline = Field(description="the trivial model that every run must beat")
    rate: float | None = Field(description="rows sent over rows routed in training")
    rate_schedule: list[tuple[NonNegativeInt, float]] = Field(
        description="(first step from 0, rate) of each of at most 20 equal parts of the training"
    )
    rows_by_kind: dict[Kind, KindCounts] = Field(description="rows over all training steps, by kind of token")
    bytes_per_step: float | None = Field(description="bytes that entered all-to-alls per step")
    relative_bytes: float | None = Field(description="bytes over those of all routed rows on a 16-bit wire")
    mean_step_seconds: float | None = Field(description="mean wall-clock seconds per training step")
    peak_memory_bytes: PositiveInt = Field(description="largest resident memory of any rank in bytes")
    examples_per_second: float | None = Field(description="training examples per second")
