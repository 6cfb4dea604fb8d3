"""Records a sample of the rows that enter all-to-alls, for figures and for tests of hashing."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor

from lshmoe import Routing, expert_of_rows
from suite.files import write_atomically
from suite.records.run_folder import RunFolder
from suite.training.trainer import Trainer


class Capture:
    """Writes ``captures/step<n>.rank<r>.pt`` every so many steps, as the run's configuration asks.

    A file holds, by layer, ``rows`` float32 ``[S, D]``, ``expert`` int64 ``[S]``, ``cluster`` int64 ``[S]`` (the index
    of the sent row that represents it, -1 for none) and ``token`` int64 ``[S]`` (its index among the layer's tokens).
    The sample consists of whole experts, the largest first, as many as fit: rows are clustered per expert. If not even
    one expert fits, the sample is the first rows of the largest.
    """

    def __init__(self, trainer: Trainer, folder: RunFolder) -> None:
        self.trainer, self.folder, self.options = trainer, folder, trainer.config.capture

    @contextmanager
    def step(self, number: int) -> Iterator[None]:
        """Use as a context around step ``number`` (from 1)."""
        if self.options.every == 0 or number % self.options.every:
            yield
            return
        sample: dict[str, Any] = {}
        layers = self.trainer.layers
        for layer in layers:
            layer.observers.append(partial(self._record, sample, layer.name))
        yield
        for layer in layers:
            layer.observers.pop()
        buffer = io.BytesIO()
        torch.save({"step": number, "rank": self.trainer.rank, "layers": sample}, buffer)
        write_atomically(self.folder.captures / f"step{number:06d}.rank{self.trainer.rank}.pt", buffer.getvalue())

    def _record(self, sample: dict[str, Any], name: str, routing: Routing) -> None:
        sample[name] = sample_of(routing, self.options.rows)


def sample_of(routing: Routing, rows: int) -> dict[str, Tensor]:
    """A sample of one layer's rows, on the CPU: the tensors that :class:`Capture` describes.

    Args:
        routing: of one forward pass of the layer.
        rows: S at most.
    """
    expert_R = expert_of_rows(routing.counts_E, len(routing.rows_RD))
    largest_first_E = routing.counts_E.argsort(descending=True, stable=True)
    fitting = largest_first_E[routing.counts_E[largest_first_E].cumsum(0) <= rows]
    wanted_E = fitting if len(fitting) else largest_first_E[:1]
    rows_S = torch.isin(expert_R, wanted_E).nonzero().flatten()[:rows]
    cluster_R = torch.arange(len(expert_R), device=expert_R.device)
    if routing.assignment_R is not None:
        cluster_R = routing.assignment_R
    return {
        "rows": routing.rows_RD[rows_S].float().cpu(),
        "expert": expert_R[rows_S].cpu(),
        "cluster": cluster_R[rows_S].cpu(),
        "token": routing.token_R[rows_S].cpu(),
    }
