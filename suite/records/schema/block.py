"""Several training steps of one method, timed as one, and the alpha–beta model of the link that they ran on."""

from pydantic import Field

from suite.config.base import NonNegativeFloat, NonNegativeInt
from suite.records.schema.base import Part
from suite.records.vocabulary import all_to_all_seconds


class Block(Part):
    """One method's turn in one round. Counts and bytes are sums over ranks, layers and the block's steps."""

    round: NonNegativeInt = Field(description="from 0")
    position: NonNegativeInt = Field(description="place within the round, from 0")
    method: str = Field(description="the method that was timed; in a record of shares, the model that was")
    seconds: float = Field(description="wall-clock time of the block on the slowest rank")
    phases: dict[str, NonNegativeFloat] = Field(
        description="seconds by phase of the MoE layers, means over ranks; named as lshmoe.traffic names them"
    )
    rows_routed: NonNegativeInt = Field(description="rows that the gate routed")
    rows_sent: NonNegativeInt = Field(description="rows that entered an all-to-all")
    bytes: NonNegativeInt = Field(description="bytes that entered all-to-alls")
    remote_bytes: NonNegativeInt = Field(description="of these, to other ranks")
    inter_server_bytes: NonNegativeInt = Field(description="of these, to other servers")
    half_precision_bytes: NonNegativeInt = Field(description="bytes of all routed rows on a 16-bit wire")
    kernel_bytes: NonNegativeInt | None = Field(
        description="bytes that the kernel counted as leaving servers, without headers; null off the lab's links"
    )

    @property
    def all_to_all(self) -> float:
        """Seconds inside all-to-alls, waiting included."""
        return all_to_all_seconds(self.phases)


class FitPoint(Part):
    """One message size of a fit."""

    bytes_per_peer: NonNegativeInt = Field(description="what a rank sent to each rank of another server")
    bytes_per_server: NonNegativeInt = Field(description="what left each server in one collective")
    seconds: float = Field(description="median over repeats of the slowest rank's time")
    residual: float = Field(description="(the fit's − measured) / measured")


class Fit(Part):
    """seconds ≈ alpha + beta · (bytes that leave a server), for one all-to-all."""

    alpha: NonNegativeFloat = Field(description="seconds per collective")
    beta: NonNegativeFloat = Field(description="seconds per byte leaving a server")
    points: list[FitPoint] = Field(description="what the fit was made from")


class Fits(Part):
    """The link's fits before and after the blocks."""

    before: Fit = Field(description="made before the blocks")
    after: Fit | None = Field(
        None, description="made after the blocks; null where links were fitted once, as for shares"
    )

    def mean(self, name: str) -> float:
        """Mean of ``alpha`` or ``beta`` over the fits there are."""
        fits = [fit for fit in (self.before, self.after) if fit is not None]
        return float(sum(getattr(fit, name) for fit in fits) / len(fits))
