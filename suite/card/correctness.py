"""The layer on the device against the same layer in float64 on the CPU: outputs, every gradient, hash codes."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from lshmoe import CrossPolytopeHash, LSHReduction, MoELayer, lsh_reduction
from suite.card.methods import METHODS

# Largest relative error of a norm that rounding explains. Eight-bit wires round a number the other way now and then.
BOUNDS = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
EIGHT_BIT_BOUND = 5e-2


class _HashedOnTheCPU(nn.Module):
    """Codes of a float64 hash, whatever the rows: clusters then do not depend on the type that is checked."""

    def __init__(self, hash: nn.Module) -> None:
        super().__init__()
        self.hash = (hash.double(),)  # in a tuple: no submodule, so it stays where and what it is

    def forward(self, rows_RD: Tensor) -> Tensor:
        codes_RH: Tensor = self.hash[0](rows_RD.detach().double().cpu())
        return codes_RH.to(rows_RD.device)


def layer_errors(method: str, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """One training step of a small layer.

    Returns:
        ``outputs``: relative error of the outputs' norm; ``gradients``: the largest of all gradients, tokens included;
        ``bound``, and whether both are within it, as ``passed``.
    """
    torch.manual_seed(0)
    parts = METHODS[method]
    reduction = parts.reduction(64)
    if isinstance(reduction, LSHReduction):
        reduction.add_module("hash", _HashedOnTheCPU(reduction.hash))
    exact = MoELayer(64, 128, 4, reduction=reduction, wire=parts.wire())
    tokens_ND = torch.randn(256, 64).repeat(2, 1).to(dtype)
    ours = deepcopy(exact).to(device=device, dtype=dtype)
    theirs = deepcopy(ours).to(device="cpu", dtype=torch.float64)
    found, true = _step(ours, tokens_ND.to(device)), _step(theirs, tokens_ND.double())
    errors = {
        name: float((found[name].cpu().double() - value).norm() / value.norm().clamp(min=1e-12))
        for name, value in true.items()
    }
    outputs, gradients = errors.pop("outputs"), max(errors.values())
    bound = max(BOUNDS[dtype], EIGHT_BIT_BOUND if "8" in method else 0.0)
    return {"outputs": outputs, "gradients": gradients, "bound": bound, "passed": max(outputs, gradients) <= bound}


def hash_errors(device: torch.device) -> dict[str, Any]:
    """Part of 24,576 codes that differ, float32 on the device from float64 on the CPU; rounding explains 0.1 %."""
    rows_RD = torch.randn(4096, 256, generator=torch.Generator().manual_seed(0))
    hash = CrossPolytopeHash(256, num_hashes=6, coordinates=16)
    found_RH = deepcopy(hash).to(device)(rows_RD.to(device)).cpu()
    different = float((found_RH != hash.double()(rows_RD.double())).double().mean())
    return {"different": different, "bound": 1e-3, "passed": different <= 1e-3}


def cluster_errors(device: torch.device) -> dict[str, Any]:
    """Whether the clusters of rows that repeat are the same on the device and on the CPU."""
    rows_RD = torch.randn(128, 64, generator=torch.Generator().manual_seed(0)).repeat(16, 1)  # four of each per expert
    counts_E = torch.full((4,), 512)
    reduction = lsh_reduction(64)
    ours = deepcopy(reduction).to(device)(rows_RD.to(device), counts_E.to(device))
    theirs = reduction(rows_RD, counts_E)
    assert ours.assignment_R is not None and theirs.assignment_R is not None
    same = torch.equal(ours.assignment_R.cpu(), theirs.assignment_R)
    return {"sent": ours.rows_CD.shape[0], "passed": same}


def _step(layer: MoELayer, tokens_ND: Tensor) -> dict[str, Tensor]:
    x = tokens_ND.clone().requires_grad_()
    y = layer(x)
    y.square().sum().backward()
    assert x.grad is not None
    grads = {name: parameter.grad for name, parameter in layer.named_parameters() if parameter.grad is not None}
    return {"outputs": y.detach(), "tokens": x.grad, **grads}
