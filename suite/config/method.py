"""A method: a named point on the three axes."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, PositiveFloat

from suite.config.base import Strict


def _has_target(options: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(options.get("_target_"), str):
        raise ValueError("_target_ is missing; allowed: the dotted name of a class or function")
    return options


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
    target_rate: PositiveFloat | None = Field(default=None, description="rows to send over rows routed")
    target_bytes: PositiveFloat | None = Field(
        default=None, description="bytes to send over those of the same routed rows on a 16-bit wire"
    )
