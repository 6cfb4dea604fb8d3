"""Checkpoints of a distributed run, by torch.distributed.checkpoint.

Replicated parameters are stored once, and each expert under its global number, so a run with another number of ranks
can read the weights. State of one rank (buffers, random generators) is stored under the rank's name.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import Tensor, nn

from lshmoe import expert_parameters

_MOMENTS = ("exp_avg", "exp_avg_sq")


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be read or written; the message names it and the remedy."""


def latest_step(folder: Path) -> int:
    """Step of the newest complete checkpoint in ``folder``; 0 if there is none."""
    return max((int(path.name.removeprefix("step")) for path in folder.glob("step*")), default=0)


def save(folder: Path, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write the checkpoint of ``step`` atomically, then remove older ones. Collective.

    Raises:
        CheckpointError: if it cannot be written. The older one is kept.
    """
    partial, final = folder / "partial", _path(folder, step)
    if dist.get_rank() == 0:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    dist.barrier()
    try:
        dcp.save(_state(model, optimizer), checkpoint_id=partial)
    except dcp.api.CheckpointException as error:
        raise CheckpointError(f"{final} cannot be written ({_cause(error)})") from error
    if dist.get_rank() == 0:
        partial.replace(final)
        for old in folder.glob("step*"):
            if old != final:
                shutil.rmtree(old)
    dist.barrier()


def load(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Restore the newest checkpoint in place, and return its step; 0 if there is none. Collective.

    Raises:
        CheckpointError: if it cannot be read.
    """
    step = latest_step(folder)
    if step:
        state = _state(model, optimizer)
        _load(state, _path(folder, step))
        random = state[_own()]["random"]
        torch.set_rng_state(random["cpu"])
        if "cuda" in random:
            torch.cuda.set_rng_state(random["cuda"])
    return step


@dataclass(frozen=True)
class Loaded:
    """What was loaded.

    Attributes:
        step: of the checkpoint; 0 if there is none.
        missing: names of parameters that it does not hold.
    """

    step: int
    missing: list[str]


def load_weights(folder: Path, model: nn.Module) -> Loaded:
    """Restore only the parameters from the newest checkpoint, written by any number of ranks. Collective.

    Parameters that it does not hold (a new classifier, for instance) keep their values.

    Raises:
        CheckpointError: if it cannot be read, or a parameter in it has another shape.
    """
    step, weights = latest_step(folder), _weights(model)
    if not step:
        return Loaded(0, [])
    stored = dcp.FileSystemReader(_path(folder, step)).read_metadata().state_dict_metadata
    missing = [name for name in weights if f"model.{name}" not in stored]
    _load({"model": {name: weights[name] for name in weights.keys() - set(missing)}}, _path(folder, step))
    return Loaded(step, missing)


def _path(folder: Path, step: int) -> Path:
    return folder / f"step{step:06d}"


def _load(state: dict[str, Any], path: Path) -> None:
    try:
        dcp.load(state, checkpoint_id=path)
    except dcp.api.CheckpointException as error:  # not an Exception: it would pass every handler
        raise CheckpointError(
            f"{path} cannot be read ({_cause(error)}); remove it to start from the first step"
        ) from error


def _cause(error: dcp.api.CheckpointException) -> str:
    return str(next(iter(error.failures.values()))[0]).partition("\n")[0]


def _own() -> str:
    return f"rank{dist.get_rank()}"


def _state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Views of everything to store. Loading writes into them in place."""
    moments: dict[str, dict[str, Tensor]] = {moment: {} for moment in _MOMENTS}
    steps: dict[str, Tensor] = {}
    experts = expert_parameters(model)
    for name, parameter in model.named_parameters():
        adam = optimizer.state[parameter]
        if not adam:  # Adam creates its state in the first step; loading needs tensors to write into
            adam["step"] = torch.zeros((), device=parameter.device)  # where fused Adam keeps it
            adam |= {moment: torch.zeros_like(parameter) for moment in _MOMENTS}
        for moment in _MOMENTS:
            moments[moment] |= _pieces(name, adam[moment], name in experts)
        steps[name] = adam["step"]
    names = {name for name, _ in model.named_buffers()}
    buffers = {name: value for name, value in model.state_dict().items() if name in names}
    random = {"cpu": torch.get_rng_state()}
    if next(model.parameters()).is_cuda:
        random["cuda"] = torch.cuda.get_rng_state()
    own = {"steps": steps, "buffers": buffers, "random": random}
    return {"model": _weights(model), "optimizer": moments, _own(): own}


def _weights(model: nn.Module) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    experts = expert_parameters(model)
    for name, parameter in model.named_parameters():
        weights |= _pieces(name, parameter.detach(), name in experts)
    return weights


def _pieces(name: str, value: Tensor, expert: bool) -> dict[str, Tensor]:
    """A parameter's value (or moments) by the name to store it under; experts ``[L, …]`` give one view per expert."""
    if not expert:
        return {name: value}
    first = dist.get_rank() * len(value)
    return {f"{name}.{first + local}": value[local] for local in range(len(value))}
