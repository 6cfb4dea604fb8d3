"""The recipes of docs/library.md run as they stand."""

import re
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from lshmoe import MoELayer, lsh_reduction
from tests.ranks import run_ranks

TEXT = (Path(__file__).parents[2] / "docs" / "library.md").read_text()


def recipes() -> dict[str, str]:
    """Code by heading."""
    sections = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    found = {section.partition("\n")[0]: re.findall(r"```python\n(.*?)```", section, re.DOTALL) for section in sections}
    return {heading: code for heading, (code,) in ((h, c) for h, c in found.items() if c)}


def make_model() -> nn.Module:
    return nn.Sequential(nn.Linear(16, 16), MoELayer(16, 32, num_experts=4, reduction=lsh_reduction(16)))


def run_all(headings: list[str]) -> dict[str, Any]:
    names: dict[str, Any] = {"make_model": make_model, "device": torch.device("cpu"), "dtype": torch.bfloat16}
    torch.manual_seed(0)
    for heading in headings:
        code = recipes()[heading].replace("torch.compile(model)", 'torch.compile(model, backend="aot_eager")')
        exec(code, names)
        if "def step" in code:
            names["step"](torch.randn(64, 16))
        if "def scaled_step" in code:
            names["scaled_step"](torch.randn(64, 16))
    return names


FOUR_RANKS = "Expert groups smaller than the world"
TWO_RANKS = "Mixed precision with a gradient scaler"
FIRST = "A training step on several ranks"


def test_recipes_of_one_process() -> None:
    names = run_all([heading for heading in recipes() if heading not in (FOUR_RANKS, TWO_RANKS)])
    x = torch.randn(32, 16)
    model = names["model"]
    assert torch.equal(names["deferred"](x), model(x)) and torch.equal(names["snapshot"](x), model(x))
    assert [state["model"]["1.experts.w1_LDF"].shape[0] for state in names["two_ranks"]] == [2, 2]
    assert torch.equal(names["one_process"]["model"]["1.experts.w1_LDF"], model[1].experts.w1_LDF)
    assert names["y_ND"].shape == (64, 16)


def scaled() -> bool:
    names = run_all([FIRST, TWO_RANKS])
    weights = [torch.empty_like(names["model"][0].weight) for _ in range(2)]
    dist.all_gather(weights, names["model"][0].weight.detach())
    return torch.equal(*weights)


def test_the_recipe_of_mixed_precision() -> None:
    assert run_ranks(2, scaled) == [True, True]


def grouped() -> bool:
    names = run_all([FIRST, FOUR_RANKS])
    names["parallel"](torch.randn(8, 16, generator=torch.Generator().manual_seed(dist.get_rank()))).sum().backward()
    grads = [torch.empty_like(names["model"][1].experts.w1_LDF) for _ in range(4)]
    dist.all_gather(grads, names["model"][1].experts.w1_LDF.grad)
    return torch.equal(grads[0], grads[2]) and torch.equal(grads[1], grads[3]) and not torch.equal(grads[0], grads[1])


def test_the_recipe_of_small_expert_groups() -> None:
    assert run_ranks(4, grouped) == [True] * 4
