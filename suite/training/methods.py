"""Builds a method's reduction, wire and exchange from its configuration."""

import inspect
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from lshmoe import Exchange, IdentityReduction, MoELayer, NativeWire, Tunable
from lshmoe.seeding import derive_seed
from suite.cluster.member import ALONE, Member
from suite.config.method import MethodConfig
from suite.config.run import RunConfig
from suite.config.seeds import hash_seed, model_seed
from suite.errors import UserError, unknown
from suite.hosts.placement import MakeLayer
from suite.loading import load_object


def build_reduction(method: MethodConfig, dim: int, seed: int) -> Any:
    """The method's reduction for rows of width ``dim``; ``None`` is the identity."""
    return _build("reduction", method.reduction, dim=dim, seed=seed)


def build_wire(method: MethodConfig) -> Any:
    """The method's wire; the native one unless configured."""
    return _build("wire", method.wire) or NativeWire()


def build_exchange(method: MethodConfig, member: Member) -> Exchange:
    """The method's exchange over the member's group, with its wire; the flat one unless configured."""
    given = {"group": member.group, "wire": build_wire(method), "ranks_per_server": member.ranks_per_server}
    exchange: Exchange = _build("exchange", method.exchange, **given) or Exchange(**given)
    if member.link is not None and member.link.pace is not None:
        exchange.collective = member.link.pace
    return exchange


def method_layer_factory(config: RunConfig, member: Member = ALONE) -> MakeLayer:
    """Return ``make_layer(name, dim, hidden)``, which makes the MoE layer called ``name`` of a host for a run.

    Gate and experts are seeded by (model seed, name), the reduction by (hash seed, name). So a layer's function depends
    neither on the world size nor on the other layers.

    Raises:
        UserError: when a layer is built, if a constructor refuses an option.
    """

    def make_layer(name: str, dim: int, hidden: int) -> MoELayer:
        return MoELayer(
            dim,
            hidden,
            config.size.experts,
            top_k=config.size.top_k,
            reduction=build_reduction(config.method, dim, derive_seed(hash_seed(config.root_seed("hash")), name)),
            seed=derive_seed(model_seed(config.root_seed("model")), name),
            exchange=build_exchange(config.method, member),
            check_finite=True,
            name=name,
        )

    return make_layer


def check_method(config: RunConfig) -> None:
    """Build every part of the run's method once in this process, so that bad options are reported before ranks start.

    Raises:
        UserError: one line naming the field and the allowed values, or what does not go together.
    """
    reduction = build_reduction(config.method, config.size.width, seed=0)
    exchange = build_exchange(config.method, ALONE)
    try:
        exchange.check_reduction(reduction or IdentityReduction())
    except ValueError as error:
        raise UserError(f"method.{error}") from None
    if config.method.per_layer and not config.method.has_target:
        raise UserError("method.per_layer: needs method.target_rate or method.target_bytes")
    if config.method.has_target and not isinstance(reduction, Tunable):
        raise UserError(
            f"method: {config.method.name} cannot be set for a target, because {type(reduction).__name__} has no knob "
            "(lshmoe.Tunable); leave the target out"
        )


def _build(field: str, component: dict[str, Any] | None, **given: Any) -> Any:
    if component is None:
        return None
    target = load_object(f"method.{field}._target_", component["_target_"])
    allowed = inspect.signature(target).parameters.keys() - given.keys()
    for option in component.keys() - {"_target_"}:
        if option not in allowed:
            raise unknown(f"method.{field} option", option, allowed)
    try:
        # Hydra copies its arguments, and a process group cannot be copied: so objects are passed to the partial.
        return instantiate(component, _partial_=True, _convert_="all")(**given)
    except (InstantiationException, TypeError, ValueError) as error:
        reason = error.__cause__ or error  # Hydra wraps what a nested component raises
        raise UserError(f"method.{field}.{reason}") from None
