"""State dicts of one number of ranks → state dicts of another."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from lshmoe.experts import IDS, numbers

# Where each expert of a module is found, by its global number: (state dict, place in it).
Places = list[tuple[int, int]]


def reshard(states: Sequence[Mapping[str, Any]], world_size: int) -> list[dict[str, Any]]:
    """Give the experts of a model to another number of ranks; ``world_size=1`` gathers them.

    Experts are found by the numbers that their state dicts hold; everything else is taken from the first state dict.
    Optimizer state is resharded too if it goes by parameter name, as that of
    ``torch.distributed.checkpoint.state_dict.get_optimizer_state_dict``; mappings may be nested.

    Args:
        states: the state dicts of all ranks, in order.
        world_size: ranks of an expert-parallel group that will load the result.

    Returns:
        One state dict per rank. Tensors that are not experts' are those of ``states``, not copies.

    Raises:
        ValueError: if an expert is missing, ``world_size`` does not divide the number of experts, state dicts differ in
            their names, or optimizer state goes by number.
    """
    modules = _experts(states)
    if not modules:
        raise ValueError(f"states: none holds experts; a model with MoE layers has names that end in {IDS!r}")
    for prefix, places in modules.items():
        if len(places) % world_size:
            raise ValueError(f"world_size: {world_size} does not divide the {len(places)} experts of {prefix!r}")
    return [_rebuild(list(states), modules, rank, world_size) for rank in range(world_size)]


def _experts(states: Sequence[Mapping[str, Any]]) -> dict[str, Places]:
    """The places of all experts by the common beginning of their module's names."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for number, state in enumerate(states):
        for name, ids_L in _ids(state):
            module = found.setdefault(name.removesuffix(IDS), {})
            for place, expert in enumerate(numbers(ids_L)):
                module.setdefault(expert, (number, place))
    for prefix, module in found.items():
        missing = [expert for expert in range(max(module) + 1) if expert not in module]
        if missing:
            raise ValueError(f"states: experts {missing} of {prefix!r} are missing; give the state dicts of all ranks")
    return {prefix: [module[expert] for expert in range(len(module))] for prefix, module in found.items()}


def _ids(state: Mapping[str, Any]) -> list[tuple[str, Tensor]]:
    own = [(name, value) for name, value in state.items() if str(name).endswith(IDS)]
    return own + [pair for value in state.values() if isinstance(value, Mapping) for pair in _ids(value)]


def _rebuild(
    values: list[Any], modules: dict[str, Places], rank: int, world_size: int, places: Places | None = None
) -> Any:
    """What ``rank`` gets in place of ``values``, which the ranks had; ``places`` if they belong to experts."""
    first = values[0]
    if isinstance(first, Mapping):
        if any(value.keys() != first.keys() for value in values):
            raise ValueError(f"states: their names differ, as in {sorted(map(str, first))[:3]}")
        if places is None and any(isinstance(name, int) and _has_tensors(value) for name, value in first.items()):
            raise ValueError(
                "states: optimizer state goes by number; take that of "
                "torch.distributed.checkpoint.state_dict.get_optimizer_state_dict, which goes by name"
            )
        return {
            name: _rebuild(
                [value[name] for value in values], modules, rank, world_size, places or _places_of(name, modules)
            )
            for name in first
        }
    if places is None or not isinstance(first, Tensor) or first.dim() == 0:
        return first
    share = len(places) // world_size
    return torch.stack([values[state][place] for state, place in places[rank * share : (rank + 1) * share]])


def _has_tensors(value: Any) -> bool:
    return isinstance(value, Mapping) and any(isinstance(part, Tensor) and part.dim() for part in value.values())


def _places_of(name: Any, modules: dict[str, Places]) -> Places | None:
    return next((places for prefix, places in modules.items() if str(name).startswith(prefix)), None)
