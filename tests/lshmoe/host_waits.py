"""Counts where code would wait for a GPU, on a machine without one: CPU tensors that say when the host reads them."""

import traceback
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

ROOT = Path(__file__).parents[2]
READS = ("__int__", "__bool__", "__index__", "__float__", "item", "tolist", "cpu", "nonzero", "unique", "equal")

places: list[str] = []
"""``file:function`` of each read, the innermost frame of the project."""


class OnDevice(Tensor):
    """A tensor that stands for one on a GPU: whatever is computed from it is on the GPU too, until ``cpu()``."""

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        if isinstance(args[0] if args else None, OnDevice) and _waits(name, args, kwargs):
            places.append(_caller())
        found = super().__torch_function__(function, types, args, kwargs)
        return found.as_subclass(Tensor) if name == "cpu" else found


def _caller() -> str:
    frames = [frame for frame in traceback.extract_stack() if Path(frame.filename).is_relative_to(ROOT)]
    own = [frame for frame in frames if Path(frame.filename).relative_to(ROOT).parts[0] not in ("tests", ".venv")]
    frame = (own or frames)[-1]
    return f"{Path(frame.filename).relative_to(ROOT)}:{frame.name}"


def _waits(name: str, args: Any, kwargs: Any) -> bool:
    if name == "repeat_interleave":  # the number of rows decides the shape of the result
        return "output_size" not in kwargs
    if name == "__getitem__":
        index = args[1] if isinstance(args[1], tuple) else (args[1],)
        return any(isinstance(one, Tensor) and one.dtype == torch.bool for one in index)
    return name in READS
