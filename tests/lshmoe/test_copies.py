"""Copies of models that have run: EMA, snapshots, pickles."""

import copy
import io
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
import torch
from timm.utils import ModelEmaV3
from torch import nn
from torch.optim.swa_utils import AveragedModel

from baselines import (
    BipartiteMerging,
    BridgeExchange,
    DedupExchange,
    HierarchicalDedupExchange,
    HierarchicalExchange,
    RandomClusters,
)
from lshmoe import Exchange, IdentityReduction, MoELayer, Reduction, lsh_reduction


def saved_and_loaded(model: nn.Module) -> nn.Module:
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    loaded: nn.Module = torch.load(file, weights_only=False)
    return loaded


COPIES: dict[str, Callable[[nn.Module], nn.Module]] = {
    "deepcopy": copy.deepcopy,
    "AveragedModel": lambda model: AveragedModel(model, use_buffers=True).module,
    "timm's EMA": lambda model: ModelEmaV3(model).module,
    "torch.save": saved_and_loaded,
}
STATES: dict[str, Callable[[], Any]] = {
    "training": nullcontext,
    "evaluation": torch.no_grad,
    "inference": torch.inference_mode,
}


REDUCTIONS: dict[str, Callable[[], Reduction]] = {
    "identity": IdentityReduction,
    "lsh": partial(lsh_reduction, 16),
    "lsh, learned compensation": partial(lsh_reduction, 16, error_compensation="learned"),
    "lsh, estimated compensation": partial(lsh_reduction, 16, error_compensation="estimated"),
    "random": partial(RandomClusters, 16),
    "merging": partial(BipartiteMerging, 16),
}


@pytest.mark.parametrize(
    ("reduction", "exchange"),
    [
        *((name, kind) for name in ("lsh", "random") for kind in (Exchange, HierarchicalExchange, BridgeExchange)),
        *((name, Exchange) for name in REDUCTIONS if name not in ("lsh", "random", "identity")),
        *(("identity", kind) for kind in (DedupExchange, HierarchicalDedupExchange)),
    ],
)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("way", COPIES)
def test_a_copy_computes_the_same_and_has_meters_of_its_own(way, state, reduction, exchange):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(16, 16), MoELayer(16, 24, 4, reduction=REDUCTIONS[reduction](), exchange=exchange())
    )
    x = torch.randn(40, 16)
    with STATES[state]():
        model(x)
    routed = model[1].traffic.rows_routed
    other = COPIES[way](model)
    assert not other[1].balance_loss.requires_grad
    assert torch.equal(other(x), model(x))
    assert torch.equal(other[1].balance_loss, model[1].balance_loss)
    assert other[1].traffic.rows_routed == routed and model[1].traffic.rows_routed == 2 * routed
    (other(x).sum() + other[1].balance_loss).backward()
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("use_buffers", [False, True])
def test_averages_are_updated_after_training_steps(use_buffers):
    model = nn.Sequential(MoELayer(16, 24, 4, reduction=RandomClusters(16)))
    averages = [AveragedModel(model, use_buffers=use_buffers), ModelEmaV3(model, decay=0.5)]
    for _ in range(3):
        (model(torch.randn(40, 16)).sum() + model[0].balance_loss).backward()
        for average in averages:
            average.update(model) if isinstance(average, ModelEmaV3) else average.update_parameters(model)
    for average in averages:
        model.load_state_dict(average.module.state_dict())
