"""Errors of a method's outputs and gradients against exact dispatch, on the same weights and the same batch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from lshmoe import expert_parameters, moe_layers
from lshmoe.groups import active_group_size
from suite.config.run import RunConfig
from suite.hosts.model import HostModel
from suite.records.vocabulary import COMPARED
from suite.tasks.task import Batch, summed_loss
from suite.training.kind_meter import announce


@dataclass(frozen=True)
class Pass:
    """One forward and backward pass; tensors are this rank's.

    Attributes:
        loss: of the global batch, in nats per target.
        layer: output of the first MoE layer, whose input is the same for all methods.
        output: logits, centred over classes, because only their differences matter.
        dense_gradient: averaged over ranks.
        expert_gradient: of this rank's experts, from rows of all ranks.
    """

    loss: float
    layer: list[Tensor]
    output: list[Tensor]
    dense_gradient: list[Tensor]
    expert_gradient: list[Tensor]


def run_pass(model: HostModel, batch: Batch, config: RunConfig) -> Pass:
    """The task's loss, without the balance loss, and its gradients. Weights do not change. Collective."""
    seen: list[Tensor] = []
    hook = moe_layers(model)[0].register_forward_hook(lambda _module, _inputs, output: seen.append(output.detach()))
    with hook:
        logits = outputs_of(model, batch, config)
    total, targets = summed_loss(logits, batch.targets)
    mean_targets, world = targets.to(total.dtype), active_group_size(None)
    if world > 1:
        dist.all_reduce(mean_targets)
        mean_targets /= world
    loss = total / mean_targets
    model.zero_grad(set_to_none=True)
    loss.backward()
    gradients: dict[bool, list[Tensor]] = {True: [], False: []}
    experts = expert_parameters(model)
    for name, parameter in model.named_parameters():
        grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.detach().clone()
        gradients[name in experts].append(grad)
    mean_loss = loss.detach()
    if world > 1:
        for mean in (*gradients[False], mean_loss):
            dist.all_reduce(mean)
            mean /= world
    model.zero_grad(set_to_none=True)
    centred = logits.detach().float()
    output = centred - centred.mean(-1, keepdim=True)
    return Pass(float(mean_loss), [seen[0].float()], [output], gradients[False], gradients[True])


def outputs_of(model: HostModel, batch: Batch, config: RunConfig) -> Tensor:
    """The model's logits for a batch, its MoE layers told about padding. Collective."""
    announce(model.streams, batch.kinds, config.task.route_padding)
    device = next(model.parameters()).device
    with torch.autocast(device.type, torch.bfloat16, enabled=config.training.precision == "bfloat16"):
        logits: Tensor = model(**batch.inputs)
    return logits


def compare(passed: Pass, exact: Pass) -> dict[str, dict[str, float]]:
    """By quantity: ``relative_error`` ‖a − e‖ / ‖e‖ and ``cosine`` of a method's a with the exact e, over all ranks."""
    return {name: _compare(getattr(passed, name), getattr(exact, name)) for name in COMPARED}


def _compare(values: Sequence[Tensor], exact: Sequence[Tensor]) -> dict[str, float]:
    device = values[0].device
    sums = torch.zeros(4, dtype=torch.float64, device=device)
    for a, e in zip((v.flatten() for v in values), (v.flatten() for v in exact), strict=True):
        missed = a - e
        sums += torch.stack([missed.dot(missed), a.dot(e), a.dot(a), e.dot(e)])
    if active_group_size(None) > 1:
        dist.all_reduce(sums)
    missed, product, square, exact_square = sums.tolist()
    length = math.sqrt(square * exact_square)
    return {
        "relative_error": math.sqrt(missed / exact_square) if exact_square else 0.0,
        "cosine": product / length if length else 1.0,
    }
