"""Expert parameters live on one rank, all others are replicated: helpers that keep the two apart.

Convention: the training loss is the mean of the ranks' losses, as data-parallel averaging has it.
"""

from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


def active_group_size(group: dist.ProcessGroup | None) -> int:
    """Ranks in ``group`` (or the default group); 1 when torch.distributed is not initialised."""
    return dist.get_world_size(group) if dist.is_available() and dist.is_initialized() else 1


def is_expert(parameter: nn.Parameter) -> bool:
    """Whether a parameter belongs to an expert and so lives on one rank only."""
    return bool(getattr(parameter, "expert", False))


def data_parallel(model: nn.Module, group: dist.ProcessGroup | None = None) -> nn.Module:
    """Average the gradients of replicated parameters over ``group`` by DDP and leave expert parameters alone.

    Returns the model itself when there is one process.
    """
    if active_group_size(group) == 1:
        return model
    ignored = [name for name, parameter in model.named_parameters() if is_expert(parameter)]
    DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(model, ignored)
    return DistributedDataParallel(model, process_group=group, broadcast_buffers=False)


def clip_grad_norm(
    parameters: Iterable[nn.Parameter], max_norm: float, group: dist.ProcessGroup | None = None
) -> Tensor:
    """Clip gradients to a global norm that counts every rank's experts, so it does not depend on the world size.

    Returns:
        The norm before clipping, scalar.
    """
    with_grad = [p for p in parameters if p.grad is not None]
    replicated = _square_sum([p for p in with_grad if not is_expert(p)])
    experts = _square_sum([p for p in with_grad if is_expert(p)])
    if active_group_size(group) > 1:
        if with_grad:
            experts = experts.to(with_grad[0].device)
        dist.all_reduce(experts, group=group)
    norm = (replicated.to(experts.device) + experts).sqrt()
    scale = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    for parameter in with_grad:
        assert parameter.grad is not None
        parameter.grad.mul_(scale.to(parameter.grad))
    return norm


def _square_sum(parameters: list[nn.Parameter]) -> Tensor:
    grads = [p.grad for p in parameters if p.grad is not None]
    if not grads:
        return torch.zeros(())
    return torch.stack(torch._foreach_norm(grads)).square().sum()
