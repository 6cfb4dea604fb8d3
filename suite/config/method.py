"""A method: a named point on the three axes."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from suite.config.base import Strict


def _has_target(options: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(options.get("_target_"), str):
        raise ValueError("_target_ is missing; allowed: the dotted name of a class or function")
    return options


Target = Annotated[float, Field(gt=0, le=1)]
Component = Annotated[dict[str, Any], AfterValidator(_has_target)]


class MethodConfig(Strict):
    """A named point on the three axes. ``None`` is the default: identity, native wire, flat exchange.

    A component is ``{_target_: dotted.name, option: value, …}``; its options are checked against the target's signature
    by :func:`suite.training.methods.check_method`.
    """

    name: str = Field(description="of the file; the method's name in tables and figures")
    summary: str = Field(description="one line for `list methods`")
    reduction: Component | None = Field(description="which rows travel; null: all of them")
    wire: Component | None = Field(description="how a row is encoded; null: in its own type")
    exchange: Component | None = Field(description="along which path rows travel; null: one flat all-to-all")
    # Older records do not have these fields and stay valid.
    target_rate: Target | None = Field(
        None, description="rows sent over rows routed that the reduction is set for; null: whatever its options give"
    )
    target_bytes: Target | None = Field(
        None, description="in place of target_rate: bytes of the sent rows over those of all rows on a 16-bit wire"
    )
    per_layer: bool = Field(False, description="with a target: whether each MoE layer gets a setting of its own")

    @property
    def has_target(self) -> bool:
        return self.target_rate is not None or self.target_bytes is not None

    @model_validator(mode="after")
    def _one_target(self) -> "MethodConfig":
        if self.target_rate is not None and self.target_bytes is not None:
            raise ValueError("target_bytes: target_rate is given too; give one of them")
        if self.has_target and self.reduction is None:
            field = "target_rate" if self.target_rate is not None else "target_bytes"
            raise ValueError(f"{field}: {self.name} has no reduction, so it sends every row; leave the target out")
        return self
