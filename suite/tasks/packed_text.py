"""The base of language-modelling tasks: windows of equal length, cut from prepared token streams."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, PositiveInt
from torch import Tensor

from lshmoe.seeding import derive_seed
from suite.config.base import Strict
from suite.config.seeds import data_seed
from suite.data.made_up import MadeUpText
from suite.data.parts import Part
from suite.data.registry import source
from suite.data.tokenizer import make_dictionary
from suite.data.tokens import PreparedText, TextRecipe, TokenStreams, prepare_text
from suite.tasks.sampling import EpochOrder, in_batches, rank_slice
from suite.tasks.task import IGNORED, Batch, Task, TextInputs, perplexity


class TextData(Strict):
    """``task.data`` of a language-modelling task."""

    sources: list[str] = Field(min_length=1, description="names of the data registry")
    held_out: Annotated[float, Field(gt=0, lt=1)] = Field(description="share of documents kept out of training")


class WindowInputs(Strict):
    """``task.training.<scale>.inputs`` of a language-modelling task."""

    context: PositiveInt = Field(description="tokens per sequence")
    vocabulary: int = Field(ge=260, description="tokens of the byte-level BPE: 4 special symbols, 256 bytes, merges")
    documents: PositiveInt | None = Field(None, description="how many are read of each source; all unless given")


class PackedText(Task):
    """Windows of ``context`` tokens from concatenated documents, without padding; a subclass applies its objective.

    Each epoch visits all windows of the training part once, in its own order.
    """

    Data: ClassVar[type[TextData]] = TextData
    Inputs: ClassVar[type[WindowInputs]] = WindowInputs
    data: TextData
    options: WindowInputs
    extra_symbols: ClassVar[tuple[str, ...]] = ()
    """Symbols that the objective adds after those of the tokenizer."""
    overlap: ClassVar[int] = 0
    """Tokens that a window shares with the next one, beyond its ``context`` tokens."""

    @abstractmethod
    def make_batch(self, windows_BT: Tensor, seeds: list[int]) -> Batch:
        """Apply the objective to windows, int64 ``[B, context + overlap]``; window b draws with ``seeds[b]``."""

    def prepare(self) -> None:
        """Download and tokenise missing data."""
        prepare_text(self._recipe, self.data_dir)
        self.require_enough(f"sequences of {self.options.context} tokens")

    @cached_property
    def text(self) -> PreparedText:
        """The prepared tokens, mapped from disk."""
        return PreparedText(self._recipe.folder(self.data_dir))

    @cached_property
    def streams(self) -> TokenStreams:
        """What windows are cut from: the prepared text, unless it was made up."""
        return self.text

    @cached_property
    def inputs(self) -> TextInputs:
        """Dictionary and context."""
        return TextInputs(make_dictionary(self.streams.tokenizer, self.extra_symbols), self.options.context)

    def make_up_data(self) -> None:
        """Two windows of text."""
        self.streams = MadeUpText(self.options.vocabulary, 2 * self.options.context + self.overlap)

    def data_record(self) -> list[dict[str, Any]]:
        """One entry per source."""
        manifest = self.text.manifest
        shared = {key: manifest[key] for key in ("held_out", "vocabulary", "documents", "tokens", "files")}
        return [{**entry, "prepared": shared} for entry in manifest["sources"]]

    def count(self, part: Part) -> int:
        """Windows of a part."""
        return max(0, len(self.streams.stream(part)) - self.overlap) // self.options.context

    def train_batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """This rank's windows of a step."""
        size = self.training.batch_examples
        numbers = range(step * size, (step + 1) * size)[rank_slice(size, rank, world)]
        places = np.array([self._order.place(number) for number in numbers])
        return self.make_batch(self._windows("train", places), [derive_seed(self._seed, "draw", n) for n in numbers])

    def eval_batches(self, rank: int = 0, world: int = 1, final: bool = False) -> Iterator[Batch]:
        """This rank's held-out windows; their draws are the same every time."""
        for part in in_batches(self.held_out_places(final), self.training.batch_examples, rank, world):
            yield self.make_batch(self._windows("held_out", part), [derive_seed("held out", n) for n in part.tolist()])

    def baseline(self) -> dict[str, Any]:
        """The unigram model: how often each token is a target in the training part."""
        counts = self._target_counts() + 1.0  # add-one smoothing: a held-out token may be unseen in training
        surprisal = torch.from_numpy(np.log(counts.sum()) - np.log(counts))
        targets = torch.cat([batch.targets.flatten() for batch in self.eval_batches(final=True)])
        return {"name": "unigram frequencies", **perplexity(float(surprisal[targets[targets != IGNORED]].mean()))}

    def _target_counts(self) -> NDArray[np.float64]:
        """How often each symbol of the dictionary is a target in training, float64 ``[symbols]``."""
        counts = np.zeros(len(self.inputs.dictionary))
        counts[: len(self.text.train_counts())] = self.text.train_counts()
        return counts

    @property
    def _recipe(self) -> TextRecipe:
        sources = [source(name) for name in self.data.sources]
        return TextRecipe(sources, self.data.held_out, self.options.vocabulary, self.options.documents)

    @property
    def _seed(self) -> int:
        return data_seed(self.seed)

    @cached_property
    def _order(self) -> EpochOrder:
        return EpochOrder(self._seed, self.count("train"))

    def _windows(self, part: Part, places: NDArray[np.int64]) -> Tensor:
        stream, context = self.streams.stream(part), self.options.context
        length = context + self.overlap
        rows = [stream[place * context : place * context + length] for place in places.tolist()]
        return torch.from_numpy(np.stack(rows).astype(np.int64))
