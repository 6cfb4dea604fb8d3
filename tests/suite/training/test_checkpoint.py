"""Checkpoints hold every rank's experts, are whole or not there, and say so when they cannot be read."""

from pathlib import Path

import pytest
import torch

from tests.ranks import run_ranks
from tests.suite.training import checkpoint_jobs as jobs


def test_everything_comes_back_on_every_rank_and_other_ranks_can_read_the_weights(tmp_path: Path) -> None:
    results = run_ranks(2, jobs.save_and_load, tmp_path)
    for step, saved, loaded in results:
        assert step == 3
        assert saved.keys() == loaded.keys() and len(saved) > 20
        assert [name for name, value in saved.items() if not torch.equal(value, loaded[name])] == []
    first, second = (saved for _, saved, _ in results)
    experts = [name for name in first if "experts." in name and not name.endswith(" step")]
    assert len(experts) == 13  # four parameters with two moments each, and the numbers of the experts
    assert not any(torch.equal(first[name], second[name]) for name in experts), "the ranks hold the same experts"
    assert second["calls"] == 11 and not torch.equal(first["random"], second["random"])

    (alone,) = run_ranks(1, jobs.weights, tmp_path)
    for name in (name for name in alone if name != "calls"):
        whole = torch.cat([first[name], second[name]]) if "experts." in name else first[name]
        assert torch.equal(alone[name], whole), name


@pytest.mark.parametrize("cut", ["*.distcp", ".metadata"])
def test_the_last_whole_checkpoint_counts_and_a_damaged_one_is_named(tmp_path: Path, cut: str) -> None:
    ((step, names, message),) = run_ranks(1, jobs.save_twice, tmp_path, cut)
    assert (step, names) == (2, ["step000002"])
    assert "step000004 cannot be read" in message and "remove it" in message and "\n" not in message
