"""Causal language modelling on prepared text: predict every next token."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lshmoe.seeding import derive_seed
from suite.data.registry import source
from suite.data.text import Part
from suite.data.tokenizer import SPECIAL_SYMBOLS, symbols
from suite.data.tokens import PreparedText, prepare_text, prepared_folder
from suite.errors import UserError
from suite.quiet import quiet_import
from suite.schema import TaskConfig, Training
from suite.seeds import data_seed


@dataclass(frozen=True)
class Batch:
    """Sequences of one rank: int64 ``[B, T]`` each, ``targets_BT`` one token ahead of ``tokens_BT``."""

    tokens_BT: Tensor
    targets_BT: Tensor

    @property
    def num_tokens(self) -> int:
        return self.targets_BT.numel()

    def to(self, device: torch.device | str) -> "Batch":
        return Batch(self.tokens_BT.to(device), self.targets_BT.to(device))


class CausalLM:
    """Causal language modelling; see :mod:`suite.tasks` for the contract of a task.

    Args:
        config: sources and held-out share.
        training: batch, context and vocabulary at the run's scale.
        data_dir: the data cache; tokens are prepared there.
        seed: the run's root seed.
    """

    def __init__(self, config: TaskConfig, training: Training, data_dir: Path, seed: int) -> None:
        self.training = training
        self._sources = [source(name) for name in config.sources]
        self._held_out = config.held_out
        self._data_dir = data_dir
        self._seed = data_seed(seed)
        self._epoch_order: tuple[int, NDArray[np.int64]] | None = None

    def prepare(self) -> None:
        """Download and tokenise what is not there yet; call it before any rank starts.

        Raises:
            UserError: if data are missing or corrupted, or too few for the configuration; with the remedy.
        """
        prepare_text(self._sources, self._held_out, self.training.vocabulary, self._data_dir)
        for field, part in (("batch_sequences", "train"), ("eval_sequences", "held_out")):
            wanted, present = getattr(self.training, field), self._num_windows(part)
            if wanted > present:
                raise UserError(
                    f"task.training.{field}: {wanted} sequences of {self.training.context} tokens exceed the {part} "
                    f"part of {'+'.join(s.name for s in self._sources)}; allowed: at most {present}"
                )

    @cached_property
    def text(self) -> PreparedText:
        """The prepared tokens, mapped from disk."""
        folder = prepared_folder(self._sources, self._held_out, self.training.vocabulary, self._data_dir)
        if not folder.exists():
            raise UserError(f"data: {folder} is not there; run python -m suite.data.prepare for this task and scale")
        return PreparedText(folder)

    @cached_property
    def dictionary(self) -> Any:
        """fairseq's Dictionary with the tokenizer's ids."""
        dictionary = quiet_import("fairseq.data.dictionary").Dictionary()
        for symbol in symbols(self.text.tokenizer)[len(SPECIAL_SYMBOLS) :]:
            dictionary.add_symbol(symbol)
        return dictionary

    def data_record(self) -> list[dict[str, Any]]:
        """What a run's record says about its data."""
        manifest = self.text.manifest
        shared = {key: manifest[key] for key in ("held_out", "vocabulary", "documents", "tokens", "files")}
        return [{**entry, "prepared": shared} for entry in manifest["sources"]]

    def train_batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """This rank's sequences of step ``step`` (from 0): a function of the seed and the step alone.

        The global batch is the same for every world size; rank r gets the r-th of ``world`` equal slices. Each epoch
        goes once through all windows of the training part, in an order of its own.
        """
        windows, size = self._num_windows("train"), self.training.batch_sequences
        numbers = np.arange(step * size, (step + 1) * size)[_slice(size, rank, world)]
        return self._batch("train", np.array([self._order(n // windows)[n % windows] for n in numbers.tolist()]))

    def eval_batches(self, rank: int = 0, world: int = 1) -> Iterator[Batch]:
        """This rank's held-out sequences, the same ones at every evaluation, spread evenly over the held-out part.

        Every rank gets the same number of batches of the same shapes.
        """
        count = self.training.eval_sequences
        windows = np.arange(count) * self._num_windows("held_out") // count
        mine = windows[_slice(count, rank, world)]
        size = max(1, self.training.batch_sequences // world)
        for start in range(0, len(mine), size):
            yield self._batch("held_out", mine[start : start + size])

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Mean cross-entropy per token, in nats; scalar. The gate's balance loss is not in it."""
        return _token_losses(model, batch).mean()

    @torch.no_grad()
    def evaluate(
        self, model: nn.Module, rank: int = 0, world: int = 1, group: dist.ProcessGroup | None = None
    ) -> dict[str, float]:
        """Loss and perplexity on the held-out sequences of all ranks; the model's training mode is left as it was."""
        was_training = model.training
        model.eval()
        device = next(model.parameters()).device
        total = torch.zeros(2, dtype=torch.float64, device=device)  # sum of losses, tokens
        for batch in self.eval_batches(rank, world):
            losses = _token_losses(model, batch.to(device))
            total += torch.stack([losses.double().sum(), torch.tensor(losses.numel(), device=device)])
        model.train(was_training)
        if world > 1:
            dist.all_reduce(total, group=group)
        return _quality(float(total[0] / total[1]))

    def baseline(self) -> dict[str, float]:
        """Quality of the trivial model on the same held-out sequences: unigram frequencies of the training part."""
        counts = self.text.train_counts() + 1.0  # add-one: a token unseen in training is possible
        surprisal = torch.from_numpy(np.log(counts.sum()) - np.log(counts))
        targets = torch.cat([batch.targets_BT.flatten() for batch in self.eval_batches()])
        return _quality(float(surprisal[targets].mean()))

    def _num_windows(self, part: Part) -> int:
        return max(0, len(self.text.stream(part)) - 1) // self.training.context

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if self._epoch_order is None or self._epoch_order[0] != epoch:
            random = np.random.Generator(np.random.PCG64(derive_seed(self._seed, "epoch", epoch)))
            self._epoch_order = epoch, random.permutation(self._num_windows("train"))
        return self._epoch_order[1]

    def _batch(self, part: Part, windows: NDArray[np.int64]) -> Batch:
        stream, context = self.text.stream(part), self.training.context
        rows = np.stack([stream[w * context : (w + 1) * context + 1] for w in windows.tolist()]).astype(np.int64)
        sequences = torch.from_numpy(rows)
        return Batch(sequences[:, :-1].contiguous(), sequences[:, 1:].contiguous())


def _token_losses(model: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy of every token in float32, ``[B · T]``."""
    logits_BTV = model(batch.tokens_BT)
    return functional.cross_entropy(logits_BTV.flatten(0, 1).float(), batch.targets_BT.flatten(), reduction="none")


def _quality(loss: float) -> dict[str, float]:
    return {"loss": loss, "perplexity": math.exp(min(loss, 700.0))}


def _slice(count: int, rank: int, world: int) -> slice:
    return slice(count * rank // world, count * (rank + 1) // world)
