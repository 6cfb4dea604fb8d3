"""Turn the checkpoints that the fairseq plug-in wrote on some ranks into those of another number of ranks.

``python -m lshmoe.integrations.reshard_fairseq runs/checkpoint_last.pt --ranks 1 --to gathered``
"""

import argparse
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lshmoe.resharding import reshard

_OPTIMIZER = "last_optimizer_state"


def reshard_checkpoint(path: Path, ranks: int, folder: Path) -> list[Path]:
    """Write the checkpoint ``path`` (as fairseq calls it, without ``-rank-…``) for ``ranks`` ranks into ``folder``.

    Models, EMA models and optimizer state are turned. Nothing that ``folder`` holds is overwritten.

    Returns:
        The files, by rank.

    Raises:
        ValueError: if the checkpoint cannot be read or turned.
        FileExistsError: if a file is there already.
    """
    sources = _files(path)
    states = [_load(source) for source in sources]
    updates = {state["optimizer_history"][-1]["num_updates"] for state in states}
    if len(updates) > 1:
        raise ValueError(f"{path}: its ranks stand at different updates, {sorted(updates)}")
    for state in states:
        if _OPTIMIZER in state:
            state[_OPTIMIZER] = _by_name(state[_OPTIMIZER], state["model"])
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for rank, state in enumerate(reshard(states, ranks)):
        if _OPTIMIZER in state:
            state[_OPTIMIZER] = _by_number(state[_OPTIMIZER])
        suffix = f"-rank-{rank}" if ranks > 1 else ""
        written.append(folder / f"{path.stem}{suffix}.pt")
        with written[-1].open("xb") as file:
            torch.save(state, file)
    return written


def _files(path: Path) -> list[Path]:
    found = list(path.parent.glob(f"{path.stem}-rank-*.pt"))
    if not found and not path.exists():
        raise ValueError(f"{path}: there is no such checkpoint, nor {path.stem}-rank-0.pt beside it")
    by_rank = [path.with_name(f"{path.stem}-rank-{rank}.pt") for rank in range(len(found))]
    if set(found) != set(by_rank):
        raise ValueError(
            f"{path}: the files of some ranks are missing, there are {sorted(file.name for file in found)}"
        )
    return by_rank or [path]


def _load(path: Path) -> dict[str, Any]:
    with torch.serialization.safe_globals([Namespace]):
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if not {"model", "optimizer_history"} <= state.keys():
        raise ValueError(f"{path}: is not a checkpoint of fairseq")
    return state


def _by_name(optimizer: dict[str, Any], model: dict[str, Tensor]) -> dict[str, Any]:
    """An optimizer's state whose ``state`` goes by the names of parameters, which stand in the order of the model."""
    # A tied parameter stands in the model under each of its names, in the optimizer once. Buffers have no state.
    names = {value.data_ptr(): name for name, value in reversed(model.items())}
    candidates = iter([(name, value.shape) for name, value in model.items() if names[value.data_ptr()] == name])
    state = {}
    for number, moments in sorted(optimizer["state"].items()):
        shape = next((value.shape for value in moments.values() if isinstance(value, Tensor) and value.dim()), None)
        name = next((name for name, other in candidates if shape in (None, other)), None)
        if name is None:
            raise ValueError(
                "optimizer: its state does not follow the model's parameters; "
                "train without flattened gradients, or save with --no-save-optimizer-state"
            )
        state[name] = moments | {"number": number}
    return optimizer | {"state": state}


def _by_number(optimizer: dict[str, Any]) -> dict[str, Any]:
    return optimizer | {"state": {moments.pop("number"): moments for moments in optimizer["state"].values()}}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkpoint", type=Path, help="checkpoint_last.pt, also where files say -rank-0, -rank-1, …")
    parser.add_argument("--ranks", type=int, required=True, help="number of ranks that will load it")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the files go")
    options = parser.parse_args(arguments)
    try:
        for path in reshard_checkpoint(options.checkpoint, options.ranks, options.to):
            print(path)
    except (ValueError, FileExistsError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
