"""Buffers that follow from a seed: no checkpoint holds them, they are drawn instead."""

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn


class DrawnBuffers(nn.Module):
    """Base of modules whose buffers follow from the constructor's arguments alone.

    A buffer is drawn when it first has memory: at once, after ``to_empty`` of a module made on the meta device, or at
    the first forward pass after ``load_state_dict(..., assign=True)``. ``to_empty`` of a real module keeps the values.
    """

    def draw(self) -> dict[str, Tensor]:
        """The buffers by name, the same ones every time, on the CPU (on the meta device inside its context)."""
        raise NotImplementedError

    def register_drawn(self) -> None:
        """Make the buffers; a constructor calls this last."""
        for name, value in self.draw().items():
            self.register_buffer(name, value.to(torch.get_default_device()), persistent=False)

    def draw_where(self, rows: Tensor) -> None:
        """Draw buffers that are still without values on the device of ``rows``; a forward pass calls this first."""
        if not rows.is_meta and any(buffer.is_meta for buffer in self.buffers(recurse=False)):
            self.to_empty(device=rows.device, recurse=False)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        before = dict(self.named_buffers(recurse=False))
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        # What ``fn`` makes may be memory without values.
        drawn = self.draw() if any(buffer.is_meta for buffer in before.values()) else before
        for name, buffer in self.named_buffers(recurse=False):
            if buffer is not before[name]:
                buffer.copy_(drawn[name])
        return self
