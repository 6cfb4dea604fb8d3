"""State dicts of one number of ranks become those of another, and training goes on."""

from typing import Any

import pytest
import torch

from lshmoe import MoELayer, reshard
from tests.lshmoe.parallel_jobs import adam_losses, adam_state
from tests.ranks import run_ranks


@pytest.fixture(scope="module")
def before() -> dict[int, list[Any]]:
    """All ranks' state dicts after two steps, by the number of ranks."""
    several = {world: [state for state, _ in run_ranks(world, adam_state, 2)] for world in (2, 4)}
    return {1: [adam_state(2)[0]], **several}


@pytest.mark.parametrize(("old", "new"), [(1, 2), (2, 1), (2, 4), (4, 2), (1, 4), (4, 1)])
def test_state_dicts_of_one_world_are_those_of_another(before, old, new):
    for found, expected in zip(reshard(before[old], new), before[new], strict=True):
        torch.testing.assert_close(found["model"], dict(expected["model"]), rtol=1e-9, atol=1e-12)
        for name, moments in expected["optimizer"]["state"].items():
            torch.testing.assert_close(found["optimizer"]["state"][name], moments, rtol=1e-7, atol=1e-12)
        assert found["model"]["1.experts.expert_ids"].tolist() == expected["model"]["1.experts.expert_ids"].tolist()


def test_training_goes_on_with_another_number_of_ranks(before):
    expected, *losses = adam_losses(2, [before[1], before[2], before[4]])
    for rank in run_ranks(2, adam_losses, 2, [before[1], before[4]]):
        losses += rank
    assert losses == pytest.approx([expected] * 6, rel=1e-9)


def test_gathering_and_sharding_gives_back_the_same_bits(before):
    again = reshard(reshard(before[4], 1), 4)
    for found, expected in zip(again, before[4], strict=True):
        assert all(torch.equal(found["model"][name], value) for name, value in expected["model"].items())


def test_what_cannot_be_resharded_is_named(before):
    with pytest.raises(
        ValueError, match=r"experts \[0\] of '1.experts.' are missing; give the state dicts of all ranks"
    ):
        reshard(before[4][1:], 2)
    with pytest.raises(ValueError, match="3 does not divide the 4 experts"):
        reshard(before[2], 3)
    with pytest.raises(ValueError, match="none holds experts"):
        reshard([torch.nn.Linear(2, 2).state_dict()], 2)
    with pytest.raises(ValueError, match="their names differ"):
        reshard([before[2][0]["model"], before[2][1]["model"] | {"more": torch.zeros(1)}], 1)
    layer = MoELayer(16, 24, 4)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.randn(8, 16)).sum().backward()
    optimizer.step()
    with pytest.raises(ValueError, match="optimizer state goes by number"):
        reshard([{"model": layer.state_dict(), "optimizer": optimizer.state_dict()}], 2)
