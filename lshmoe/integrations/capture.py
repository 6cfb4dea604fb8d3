"""Takes routed rows out of a model that trains or generates, for a study of how reductions do on them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from lshmoe.layer import MoELayer, Routing


class Observed(Protocol):
    """A MoE layer that says what it routes: :class:`~lshmoe.MoELayer`, or a layer of the transformers plug-in."""

    observers: list[Any]


@contextmanager
def capture(layers: nn.Module | Mapping[str, Observed], path: Path | str, most_rows: int = 65536) -> Iterator[None]:
    """Write the routed rows of forward passes inside this context to ``path`` when it ends, also by an error.

    Args:
        layers: a model with :class:`~lshmoe.MoELayer` inside, or layers by name, such as
            ``{f"layers.{n}": layer for n, layer in enumerate(dispatch.layers)}`` of the transformers plug-in.
        path: ``.pt`` or ``.safetensors``. Holds ``<layer>.rows`` ``[R, D]`` in their own type and ``<layer>.experts``
            int64 ``[R]``, the global expert that each row goes to.
        most_rows: kept per layer, the first ones.

    Raises:
        ValueError: an unknown suffix, or no layer.
    """
    path = Path(path)
    if path.suffix not in (".pt", ".safetensors"):
        raise ValueError(f"path: {path.name} ends neither in .pt nor in .safetensors")
    if isinstance(layers, nn.Module):
        layers = {name: module for name, module in layers.named_modules() if isinstance(module, MoELayer)}
    if not layers:
        raise ValueError("layers: there is no MoE layer; for other frameworks give their layers by name")
    kept: dict[str, list[tuple[Tensor, Tensor]]] = {name: [] for name in layers}
    watching = [(layer, partial(_keep, kept[name], most_rows)) for name, layer in layers.items()]
    for layer, observe in watching:
        layer.observers.append(observe)
    try:
        yield
    finally:
        for layer, observe in watching:
            layer.observers.remove(observe)
        _write(path, kept)


def _keep(kept: list[tuple[Tensor, Tensor]], most_rows: int, routing: Routing) -> None:
    left = most_rows - sum(len(rows_RD) for rows_RD, _ in kept)
    if left <= 0:
        return
    experts_E = torch.arange(len(routing.counts_E), device=routing.counts_E.device)
    experts_R = torch.repeat_interleave(experts_E, routing.counts_E)
    # Rows come sorted by expert: the first ones alone would be those of the first experts.
    chosen_R = torch.linspace(0, len(experts_R) - 1, min(left, len(experts_R)), device=experts_R.device).long()
    kept.append((routing.rows_RD[chosen_R].cpu(), experts_R[chosen_R].cpu()))


def _write(path: Path, kept: Mapping[str, list[tuple[Tensor, Tensor]]]) -> None:
    tensors = {}
    for name, parts in kept.items():
        if parts:
            rows, experts = zip(*parts, strict=True)
            tensors[f"{name}.rows"], tensors[f"{name}.experts"] = torch.cat(rows), torch.cat(experts)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".pt":
        torch.save(tensors, path)
        return
    from safetensors.torch import save_file

    save_file(tensors, path)
