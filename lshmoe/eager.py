"""How forward passes are run by others: by torch.compile, and again by activation recompute."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
T = TypeVar("T")


def eager(function: Callable[P, T]) -> Callable[P, T]:
    """Keep torch.compile out of ``function``, for code whose shapes depend on data.

    Does what :func:`torch.compiler.disable` does, but imports the compiler only when it is in use.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if torch.compiler.is_compiling():
            out: T = torch.compiler.disable(function)(*args, **kwargs)
            return out
        return function(*args, **kwargs)

    return call


def recomputing() -> bool:
    """Whether this is a forward pass inside a backward pass: activation recompute (``torch.utils.checkpoint``)."""
    return bool(torch._C._current_graph_task_id() != -1)
