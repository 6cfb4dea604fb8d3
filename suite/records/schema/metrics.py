"""Lines of ``metrics.jsonl``: one per training step, one per evaluation, and the final evaluation."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PositiveInt, TypeAdapter

from suite.config.base import NonNegativeFloat, NonNegativeInt
from suite.records.schema.base import Part


class Held(Part):
    """What the rate controller held in this step, for one layer or for all."""

    setting: dict[str, float] = Field(description="options of the reduction that its knob sets")
    rate: NonNegativeFloat = Field(description="rows sent over rows routed")
    share: NonNegativeFloat = Field(description="what the target limits: the rate, or bytes over those of 16-bit rows")


class TrainLine(Part):
    """One training step. Counts and bytes are sums over ranks and MoE layers; seconds are of wall-clock time."""

    event: Literal["train"] = Field(default="train", description="a training step")
    step: PositiveInt = Field(description="from 1")
    seconds: NonNegativeFloat = Field(description="wall-clock time of the step")
    loss: float = Field(description="the task's loss, mean over targets")
    balance_loss: float = Field(description="the gate's load-balance loss, mean over layers and ranks")
    targets: NonNegativeInt = Field(description="targets that the loss is a mean over")
    rows_routed: NonNegativeInt = Field(description="rows that the gate routed")
    rows_sent: NonNegativeInt = Field(description="rows that entered an all-to-all")
    bytes: NonNegativeInt = Field(description="bytes that entered all-to-alls, forward and backward")
    remote_bytes: NonNegativeInt = Field(description="of these, to other ranks")
    inter_server_bytes: NonNegativeInt = Field(description="of these, to other servers")
    all_to_all_seconds: NonNegativeFloat = Field(description="inside all-to-alls, waiting included, mean over ranks")
    half_precision_bytes: NonNegativeInt = Field(description="bytes of all routed rows on a 16-bit wire")
    routed_distinct: NonNegativeInt = Field(description="routed rows of tokens at their first occurrence")
    routed_repeated: NonNegativeInt = Field(description="routed rows of tokens that occurred before")
    routed_mask: NonNegativeInt = Field(description="routed rows of mask tokens or sentinels")
    routed_padding: NonNegativeInt = Field(description="routed rows of padding")
    sent_distinct: NonNegativeInt = Field(description="sent rows that stand for a distinct row")
    sent_repeated: NonNegativeInt = Field(description="sent rows that stand for repeated rows, and none before them")
    sent_mask: NonNegativeInt = Field(description="sent rows that stand for masks, and none before them")
    sent_padding: NonNegativeInt = Field(description="sent rows that stand for padding alone")
    held: dict[str, Held] | None = Field(
        default=None,
        description="by layer, or for `all`: what was held for a target; null without one",
    )

    def columns(self) -> dict[str, Any]:
        """Every number by name, for a frame of many lines."""
        return {name: value for name, value in vars(self).items() if name != "held"}


class _Evaluation(Part):
    """Every metric of the task, and as ``exact_<metric>`` with every row sent unencoded."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float]

    @property
    def metrics(self) -> dict[str, float]:
        """Every metric by name."""
        return dict(self.__pydantic_extra__)

    def columns(self) -> dict[str, Any]:
        """Every field by name, for a frame of many lines."""
        return vars(self) | self.__pydantic_extra__


class EvalLine(_Evaluation):
    """One held-out evaluation, on the same examples each time: a point of the run's curve."""

    event: Literal["eval"] = Field(default="eval", description="a held-out evaluation")
    step: NonNegativeInt = Field(description="training steps taken before it")


class FinalLine(_Evaluation):
    """One more evaluation after the last step, on more held-out examples: what the run came to."""

    event: Literal["final"] = Field(default="final", description="the final evaluation")
    step: NonNegativeInt = Field(description="training steps of the run")


AnyLine = TrainLine | EvalLine | FinalLine
MetricsLine = Annotated[AnyLine, Field(discriminator="event")]
METRICS_LINE: TypeAdapter[AnyLine] = TypeAdapter(MetricsLine)
