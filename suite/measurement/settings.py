"""Sets methods for their shares of rows on the very weights that are measured."""

from collections.abc import Callable, Mapping, Sequence

from lshmoe import MoELayer
from suite.config.matrix import RATE_OF
from suite.config.run import RunConfig
from suite.training.rate_choice import choose, over_ranks
from suite.training.target import Target, rate_target, target_of
from suite.training.trainer import Trainer


def measured_target(config: RunConfig, layers: Sequence[MoELayer], rates: Mapping[str, float]) -> Target | None:
    """What a method is set for; a control without a target of its own is set for the rate of what it is a control of.

    Args:
        config: the method's.
        layers: of the model.
        rates: what other methods sent on the same weights, by name.
    """
    name, target = config.method.name, target_of(config, layers)
    if target is None and RATE_OF.get(name) in rates:
        return rate_target("method.reduction.rate", rates[RATE_OF[name]], layers)
    return target


def set_all(trainers: Mapping[str, Trainer]) -> None:
    """Set every method that is measured. Collective.

    Raises:
        UserError: no setting comes near a target.
    """
    rates: dict[str, float] = {}
    for name in sorted(trainers, key=RATE_OF.__contains__):  # what is followed comes before what follows
        trainer = trainers[name]
        target = measured_target(trainer.config, trainer.layers, rates)
        if target is not None:
            choose(trainer.layers, target, trainer.look)
        if name in RATE_OF.values():
            rates[name] = _rate_of(trainer.layers, trainer.look)
        trainer.read_meters()


def _rate_of(layers: Sequence[MoELayer], forward: Callable[[], None]) -> float:
    """Rows sent over rows routed as the layers are set now, over all ranks. Collective."""
    for layer in layers:
        layer.traffic.reset()
    forward()
    sent, routed = (
        float(over_ranks([getattr(layer.traffic, name) for layer in layers], layers).sum())
        for name in ("rows_sent", "rows_routed")
    )
    return sent / routed
