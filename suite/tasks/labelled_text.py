"""The base of tasks on labelled texts: their data, and the scores of predicted classes."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor
from torch.nn import functional

from suite.config.base import Strict
from suite.config.task import TaskConfig, Training
from suite.data.example_tokens import ExampleRecipe, PreparedExamples, prepare_examples
from suite.data.glue_folder import located
from suite.data.parts import Part
from suite.tasks.labelled_tokens import TaskTokens, Tokens
from suite.tasks.sampling import in_batches
from suite.tasks.scores import ScoreName, score
from suite.tasks.task import Batch, Metric, Predict, Task, TextInputs


class LabelledData(Strict):
    """``task.data`` of a task on labelled texts."""

    train: str = Field(description="a source of the data registry")
    held_out: Annotated[float, Field(gt=0, lt=1)] | str | list[str] = Field(
        description="other sources, less what is trained on; or the share of train's groups that is held out"
    )
    glue_dir: Path | None = Field(None, description="folder with GLUE's layout, in place of the hub")
    classes: list[str] = Field(min_length=2, description="names of the classes, in the order of their numbers")
    scores: list[ScoreName] = Field(min_length=1, description="what is reported; runs are compared by the first")
    tokenizer_of: str = Field(description="the language-modelling task, or the trained model, whose tokenizer is used")

    @model_validator(mode="after")
    def _f1_has_one_positive_class(self) -> "LabelledData":
        if "f1" in self.scores and len(self.classes) != 2:
            raise ValueError(f"scores: f1 needs two classes, not {len(self.classes)}; allowed: accuracy, matthews")
        return self


class SequenceInputs(Strict):
    """``task.training.<scale>.inputs`` of a task on labelled texts."""

    context: PositiveInt = Field(description="longest sequence that the model can take, as in its pre-training")
    length: int = Field(ge=8, description="tokens kept of an example, template and separators included")

    @model_validator(mode="after")
    def _fits(self) -> "SequenceInputs":
        if self.length > self.context:
            raise ValueError(f"length: {self.length} exceeds context={self.context}; allowed: 8 to {self.context}")
        return self


class LabelledInputs(SequenceInputs):
    """With the tokenizer of a language-modelling task."""

    vocabulary: int = Field(ge=260, description="of the tokenizer, as in pre-training")


class LabelledText(Task):
    """Texts, or pairs of texts, each of one class. A subclass says how a model predicts the class."""

    Data: ClassVar[type[LabelledData]] = LabelledData
    Inputs: ClassVar[type[SequenceInputs]] = LabelledInputs
    data: LabelledData
    options: SequenceInputs

    def __init__(self, config: TaskConfig, training: Training, data_dir: Path, seed: int) -> None:
        super().__init__(config, training, data_dir, seed)
        self.metric = Metric(self.data.scores[0], higher_is_better=True)

    @abstractmethod
    def held_out_batches(self, places: NDArray[np.int64]) -> Iterator[Batch]:
        """The model's inputs for the held-out examples ``places``."""

    @abstractmethod
    def class_scores(self, predict: Predict, places: NDArray[np.int64]) -> Tensor:
        """A logarithmic score of every class for the held-out examples ``places``, float32 ``[B, classes]``."""

    def prepare(self) -> None:
        """Prepare the tokenizer, then download and tokenise missing examples."""
        if not self._recipe.folder(self.data_dir).exists():
            self.tokens.prepare()
        prepare_examples(self._recipe, self.data_dir)
        self.require_enough()

    @cached_property
    def examples(self) -> PreparedExamples:
        """The prepared examples, mapped from disk."""
        return PreparedExamples(self._recipe.folder(self.data_dir))

    @cached_property
    def inputs(self) -> TextInputs:
        """Symbols of the tokenizer, and context. The objective adds the classes."""
        return TextInputs(self.tokens.dictionary(self.examples.tokenizer), self.options.context)

    def data_record(self) -> list[dict[str, Any]]:
        """One entry per source."""
        manifest = self.examples.manifest
        shared = {key: manifest[key] for key in ("held_out", "vocabulary", "examples", "files")}
        return [{**entry, "prepared": shared} for entry in manifest["sources"]]

    def count(self, part: Part) -> int:
        """Examples of a part."""
        return self.examples.count(part)

    def eval_batches(self, rank: int = 0, world: int = 1, final: bool = False) -> Iterator[Batch]:
        """This rank's held-out examples."""
        for places in self._eval_places(rank, world, final):
            yield from self.held_out_batches(places)

    def evaluate(
        self,
        predict: Predict,
        rank: int = 0,
        world: int = 1,
        group: dist.ProcessGroup | None = None,
        final: bool = False,
    ) -> dict[str, float]:
        """Mean held-out loss per example in nats, and the scores, over the examples of all ranks. Collective."""
        parts = self._eval_places(rank, world, final)
        logits_EC = torch.cat([self.class_scores(predict, places).cpu() for places in parts])
        gathered: list[Any] = [logits_EC]
        if world > 1:
            gathered = [None] * world
            dist.all_gather_object(gathered, logits_EC, group=group)
        return self._judge(torch.cat(gathered), final)

    def baseline(self) -> dict[str, Any]:
        """The majority class of the training part; its loss is that of the class frequencies in training."""
        # Add-one smoothing: a held-out class may be unseen in training.
        counts = np.bincount(self.examples.labels("train"), minlength=len(self.data.classes)) + 1.0
        logits_C = torch.from_numpy(np.log(counts / counts.sum())).float()
        return {"name": "majority class", **self._judge(logits_C.expand(self.final_examples, -1), final=True)}

    def _judge(self, logits_EC: Tensor, final: bool) -> dict[str, float]:
        truth_E = self.examples.labels("held_out")[self.held_out_places(final)].astype(np.int64)
        loss = functional.cross_entropy(logits_EC.double(), torch.from_numpy(truth_E))
        return {"loss": float(loss), **score(self.data.scores, truth_E, logits_EC.argmax(1).numpy())}

    def _eval_places(self, rank: int, world: int, final: bool) -> Iterator[NDArray[np.int64]]:
        return in_batches(self.held_out_places(final), self.training.batch_examples, rank, world)

    @cached_property
    def tokens(self) -> Tokens:
        """Whose tokenizer is used."""
        assert isinstance(self.options, LabelledInputs)
        return TaskTokens(self.data.tokenizer_of, self.options.vocabulary, self.data_dir)

    @cached_property
    def _recipe(self) -> ExampleRecipe:
        data = self.data
        names = [data.held_out] if isinstance(data.held_out, str) else data.held_out
        held_out = names if isinstance(names, float) else tuple(located(name, data.glue_dir) for name in names)
        train = located(data.train, data.glue_dir)
        return ExampleRecipe(train, held_out, len(data.classes), self.tokens.file, self.tokens.name)


def truncate(text: list[int], pair: list[int], room: int) -> tuple[list[int], list[int]]:
    """Cut the longer of the two at its end until both together have at most ``room`` tokens."""
    kept = min(len(pair), max(room - len(text), room // 2))
    return text[: room - kept], pair[:kept]


def right_padded(rows: list[list[int]], length: int, padding: int) -> Tensor:
    """Token lists of different lengths as int64 ``[B, length]``."""
    tokens_BT = torch.full((len(rows), length), padding, dtype=torch.int64)
    for number, row in enumerate(rows):
        tokens_BT[number, : len(row)] = torch.tensor(row)
    return tokens_BT
