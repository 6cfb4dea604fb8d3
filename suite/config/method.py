"""A method: a named point on the three axes."""

from typing import Annotated, Any

from pydantic import AfterValidator

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

    name: str
    summary: str
    reduction: Component | None
    wire: Component | None
    exchange: Component | None
