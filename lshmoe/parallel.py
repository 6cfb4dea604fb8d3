"""Expert parameters live on few ranks, all others are replicated: helpers that keep the two apart.

Convention: the training loss is the mean of the ranks' losses, as data-parallel averaging has it.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import reduce

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lshmoe.groups import active_group_size
from lshmoe.layer import MoELayer, moe_layers


def expert_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters inside the experts of a model's MoE layers, by name; a tied one under each of its names.

    Membership follows from the modules, so copies, clones, parametrisations and loaded parameters keep it.
    """
    layers = {id(layer) for layer in moe_layers(model)}
    return {
        ".".join(filter(None, (prefix, "experts", name))): parameter
        for prefix, module in model.named_modules(remove_duplicate=False)
        if id(module) in layers
        for name, parameter in module.experts.named_parameters(remove_duplicate=False)
    }


def data_parallel(model: nn.Module, group: dist.ProcessGroup | None = None) -> nn.Module:
    """Average gradients over ``group``: of replicated parameters by DDP, of experts by their layer, over their copies.

    Where expert-parallel groups are smaller than ``group``, the ranks with copies of the same experts form an
    expert-data-parallel group. Every rank of ``group`` calls this. Parameters start as on the first rank of each group.

    Returns:
        The model inside DDP; the model itself when DDP has nothing to average.

    Raises:
        RuntimeError: if a layer was made before torch.distributed was initialised.
        ValueError: if expert-parallel groups do not divide ``group``, or an expert's parameter is also used elsewhere.
    """
    for layer in moe_layers(model):
        layer.exchange.refuse_other_ranks()
    if active_group_size(None) == 1:
        return model
    experts = expert_parameters(model)
    replicated = {n: p for n, p in model.named_parameters(remove_duplicate=False) if n not in experts}
    inside = {id(parameter) for parameter in experts.values()}
    shared = [name for name, parameter in replicated.items() if id(parameter) in inside]
    if shared:
        raise ValueError(
            f"model: {shared[0]} is also the parameter of an expert; a parameter is either replicated or not"
        )
    _join_copies(model, group)
    DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(model, [*experts])
    if active_group_size(group) > 1 and any(parameter.requires_grad for parameter in replicated.values()):
        return DistributedDataParallel(model, process_group=group, broadcast_buffers=False)
    _broadcast(replicated.values(), group)  # DDP would refuse a model without gradients to average
    return model


def clip_grad_norm(model: nn.Module, max_norm: float, group: dist.ProcessGroup | None = None) -> Tensor:
    """Clip gradients to a global norm that counts every expert once, so it does not depend on the world size.

    Args:
        model: all whose gradients are clipped together.
        max_norm: the norm to reach at most.
        group: the ranks that train the model, as for :func:`data_parallel`; every one calls this.

    Returns:
        The norm before clipping, scalar, float32 or wider.

    Raises:
        TypeError: if given parameters instead of a model.
    """
    if not isinstance(model, nn.Module):
        raise TypeError("model: clip_grad_norm takes the model, since parameters do not tell which are experts")
    owner = {id(p): layer for layer in moe_layers(model) for p in layer.experts.parameters()}
    replicated: list[Tensor] = []
    experts: dict[int, list[Tensor]] = defaultdict(list)  # by the number of copies of an expert
    grads = [(parameter, parameter.grad) for parameter in model.parameters() if parameter.grad is not None]
    for parameter, grad in grads:
        layer = owner.get(id(parameter))
        (replicated if layer is None else experts[_number_of_copies(layer)]).append(grad)
    # Squares of float16 numbers overflow from 256 on.
    dtype = reduce(torch.promote_types, (parameter.dtype for parameter in model.parameters()), torch.float32)
    zero = torch.zeros((), dtype=dtype, device=next((p.device for p in model.parameters()), None))
    squares = zero + sum(_square_sum(own, zero) / copies for copies, own in experts.items())
    if active_group_size(group) > 1:
        dist.all_reduce(squares, group=group)
    norm = (_square_sum(replicated, zero) + squares).sqrt()
    scale = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    for _, grad in grads:
        if grad.dtype == scale.dtype and grad.device == scale.device:
            grad.mul_(scale)
        else:  # 16-bit gradients are scaled by a number of more bits
            grad.copy_(grad.to(scale) * scale)
    return norm


def _number_of_copies(layer: MoELayer) -> int:
    return 1 if layer.exchange.replicas is None else active_group_size(layer.exchange.replicas)


def _square_sum(grads: list[Tensor], zero: Tensor) -> Tensor:
    """Sum of the squares of all numbers, in the type and on the device of ``zero``."""
    if not grads:
        return zero.clone()
    norms = torch._foreach_norm(grads, 2, dtype=zero.dtype)
    return torch.stack([norm.to(zero.device) for norm in norms]).square().sum()


def _join_copies(model: nn.Module, group: dist.ProcessGroup | None) -> None:
    """Give every layer the group of the ranks that hold copies of its experts, and make the copies equal."""
    joined: dict[tuple[int, ...], dist.ProcessGroup | None] = {}
    for layer in moe_layers(model):
        exchange = layer.exchange
        own = tuple(dist.get_process_group_ranks(exchange.group))
        if own not in joined:
            joined[own] = _copies(own, exchange.rank, group)
        exchange.replicas = joined[own]
        if exchange.replicas is not None:
            _broadcast(layer.experts.parameters(), exchange.replicas)


def _copies(own: tuple[int, ...], place: int, group: dist.ProcessGroup | None) -> dist.ProcessGroup | None:
    """The group of the ranks at the same place of their expert-parallel group; ``None`` if there are no copies.

    Args:
        own: global ranks of this rank's expert-parallel group.
        place: of this rank in it.
        group: all ranks that train the model.
    """
    ranks = dist.get_process_group_ranks(group)
    if set(own) == set(ranks) and len(ranks) == active_group_size(None):
        return None
    found: list[tuple[int, ...] | None] = [None] * len(ranks)
    dist.all_gather_object(found, own, group=group)
    groups = sorted({one for one in found if one is not None})
    if sorted(rank for one in groups for rank in one) != sorted(ranks) or len({len(one) for one in groups}) > 1:
        raise ValueError(f"group: expert-parallel groups {groups} do not divide the ranks {ranks} evenly")
    members = [one[place] for one in groups]
    # Local synchronisation: only the members take part.
    copies = dist.new_group(members, backend=dist.get_backend_config(group), use_local_synchronization=True)
    assert isinstance(copies, dist.ProcessGroup), "a rank is a member of its own group"
    return copies


def _broadcast(parameters: Iterable[nn.Parameter], group: dist.ProcessGroup | None) -> None:
    """Give every rank of ``group`` the values of its first one."""
    source = dist.get_process_group_ranks(group)[0]
    for parameter in parameters:
        dist.broadcast(parameter.detach(), source, group=group)
