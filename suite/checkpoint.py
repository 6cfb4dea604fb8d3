"""Checkpoints of a distributed run, by torch.distributed.checkpoint.

Replicated parameters are stored once. What differs between ranks (experts, buffers, random state) is stored under the
rank's own name.
"""

import shutil
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import nn

from lshmoe import is_expert


def latest_step(folder: Path) -> int:
    """Step of the newest whole checkpoint in ``folder``; 0 if there is none."""
    return max((int(path.name.removeprefix("step")) for path in folder.glob("step*")), default=0)


def save(folder: Path, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write the checkpoint of ``step`` whole or not at all, then drop older ones. Every rank calls this."""
    partial, final = folder / "partial", folder / f"step{step:06d}"
    if dist.get_rank() == 0:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    dist.barrier()
    dcp.save(_state(model, optimizer), checkpoint_id=partial)
    if dist.get_rank() == 0:
        partial.replace(final)
        for old in folder.glob("step*"):
            if old != final:
                shutil.rmtree(old)
    dist.barrier()


def load(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Restore the newest checkpoint in place; returns its step, 0 if there is none. Every rank calls this."""
    step = latest_step(folder)
    if step:
        state = _state(model, optimizer)
        dcp.load(state, checkpoint_id=folder / f"step{step:06d}")
        torch.set_rng_state(state[_own()]["random"])
    return step


def load_weights(folder: Path, model: nn.Module) -> int:
    """Restore parameters alone from the newest checkpoint; returns its step, 0 if there is none."""
    step = latest_step(folder)
    if step:
        state: dict[str, Any] = {"model": {}, _own(): {"model": {}}}
        for name, parameter in model.named_parameters():
            (state[_own()] if is_expert(parameter) else state)["model"][name] = parameter.detach()
        dcp.load(state, checkpoint_id=folder / f"step{step:06d}")
    return step


def _own() -> str:
    return f"rank{dist.get_rank()}"


def _state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Views of everything to store; loading writes into them."""
    state: dict[str, Any] = {"model": {}, "optimizer": {}}
    own: dict[str, Any] = {"model": {}, "optimizer": {}, "buffers": {}, "random": torch.get_rng_state()}
    for name, parameter in model.named_parameters():
        moments = optimizer.state[parameter]
        if not moments:  # before the first step Adam has none; loading needs somewhere to write
            moments["step"] = torch.zeros(())
            moments["exp_avg"] = torch.zeros_like(parameter)
            moments["exp_avg_sq"] = torch.zeros_like(parameter)
        target = own if is_expert(parameter) else state
        target["model"][name] = parameter.detach()
        target["optimizer"][name] = dict(moments)
    parameters = {name for name, _ in model.named_parameters()}
    own["buffers"] = {name: value for name, value in model.state_dict().items() if name not in parameters}
    state[_own()] = own
    return state
