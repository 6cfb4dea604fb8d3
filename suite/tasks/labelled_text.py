"""What tasks on labelled texts share: their data, and how predicted classes are judged."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator
from torch import Tensor
from torch.nn import functional

from suite.config.task import TaskConfig, Training
from suite.data.example_tokens import PreparedExamples, Recipe, prepare_examples
from suite.data.glue_folder import located
from suite.data.text import Part
from suite.errors import UserError
from suite.tasks.labelled_tokens import TaskTokens, Tokens
from suite.tasks.sampling import in_batches, spread
from suite.tasks.scores import score
from suite.tasks.task import Batch, Metric, Predict, Task, TextInputs


class LabelledData(BaseModel):
    """``task.data`` of a task on labelled texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    train: str = Field(description="a source of the data registry")
    held_out: Annotated[float, Field(gt=0, lt=1)] | str | list[str] = Field(
        description="other sources, less what is trained on; or the share of train's groups that is held out"
    )
    glue_dir: Path | None = Field(None, description="folder with GLUE's layout, in place of the hub")
    classes: list[str] = Field(min_length=2, description="names of the classes, in the order of their numbers")
    scores: list[Literal["accuracy", "f1", "matthews"]] = Field(
        min_length=1, description="what is reported; runs are compared by the first"
    )
    tokenizer_of: str = Field(description="the language-modelling task, or the trained model, whose tokenizer is used")

    @model_validator(mode="after")
    def _f1_has_one_positive_class(self) -> "LabelledData":
        if "f1" in self.scores and len(self.classes) != 2:
            raise ValueError(f"scores: f1 needs two classes, not {len(self.classes)}; allowed: accuracy, matthews")
        return self


class LabelledInputs(BaseModel):
    """``task.training.<scale>.inputs`` of a task on labelled texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    context: PositiveInt = Field(description="longest sequence that the model can take, as in its pre-training")
    length: int = Field(ge=8, description="tokens kept of an example, template and separators included")
    vocabulary: int = Field(ge=260, description="of the tokenizer, as in pre-training")

    @model_validator(mode="after")
    def _fits(self) -> "LabelledInputs":
        if self.length > self.context:
            raise ValueError(f"length: {self.length} exceeds context={self.context}; allowed: 8 to {self.context}")
        return self


class LabelledText(Task):
    """Texts, or pairs of texts, each of one class; a task says how a model is asked for it."""

    Data: ClassVar[type[BaseModel]] = LabelledData
    Inputs: ClassVar[type[BaseModel]] = LabelledInputs

    def __init__(self, config: TaskConfig, training: Training, data_dir: Path, seed: int) -> None:
        super().__init__(config, training, data_dir, seed)
        self.metric = Metric(self.data.scores[0], higher_is_better=True)

    @abstractmethod
    def held_out_batches(self, places: NDArray[np.int64]) -> Iterator[Batch]:
        """What the model is shown to classify the held-out examples ``places``."""

    @abstractmethod
    def class_scores(self, predict: Predict, places: NDArray[np.int64]) -> Tensor:
        """A logarithmic score of every class for the held-out examples ``places``, float32 ``[B, classes]``."""

    def prepare(self) -> None:
        """Prepare the text whose tokenizer is used, then download and tokenise the examples, if they are not there."""
        if not self._recipe.folder(self.data_dir).exists():
            self.tokens.prepare()
        prepare_examples(self._recipe, self.data_dir)
        needed: list[tuple[str, Part]] = [("batch_examples", "train"), ("eval_examples", "held_out")]
        for name, part in needed:
            wanted, present = getattr(self.training, name), self.examples.count(part)
            if wanted > present:
                raise UserError(
                    f"task.training.{name}: {wanted} examples exceed the {part} part of {self.config.name}; "
                    f"allowed: at most {present}"
                )

    @cached_property
    def examples(self) -> PreparedExamples:
        """The prepared examples, mapped from disk."""
        return PreparedExamples(self._recipe.folder(self.data_dir))

    @cached_property
    def inputs(self) -> TextInputs:
        """Dictionary, with the symbols that pre-training added, and context; classes are up to the objective."""
        return TextInputs(self.tokens.dictionary(self.examples.tokenizer), self.options.context)

    def data_record(self) -> list[dict[str, Any]]:
        """One entry per source."""
        manifest = self.examples.manifest
        shared = {key: manifest[key] for key in ("held_out", "vocabulary", "examples", "files")}
        return [{**entry, "prepared": shared} for entry in manifest["sources"]]

    def eval_batches(self, rank: int = 0, world: int = 1) -> Iterator[Batch]:
        """This rank's held-out examples, spread evenly over the held-out part."""
        for places in self._eval_places(rank, world):
            yield from self.held_out_batches(places)

    def evaluate(
        self, predict: Predict, rank: int = 0, world: int = 1, group: dist.ProcessGroup | None = None
    ) -> dict[str, float]:
        """Mean held-out loss per example, and the scores of all ranks' predictions together."""
        logits_EC = torch.cat([self.class_scores(predict, places).cpu() for places in self._eval_places(rank, world)])
        gathered: list[Any] = [logits_EC]
        if world > 1:
            gathered = [None] * world
            dist.all_gather_object(gathered, logits_EC, group=group)
        return self._judge(torch.cat(gathered))

    def baseline(self) -> dict[str, Any]:
        """The majority class of the training part; its loss is that of the training part's shares."""
        counts = (
            np.bincount(self.examples.labels("train"), minlength=len(self.data.classes)) + 1.0
        )  # none is impossible
        logits_C = torch.from_numpy(np.log(counts / counts.sum())).float()
        return {"name": "majority class", **self._judge(logits_C.expand(self.training.eval_examples, -1))}

    def _judge(self, logits_EC: Tensor) -> dict[str, float]:
        truth_E = self.examples.labels("held_out")[self._held_out_places].astype(np.int64)
        loss = functional.cross_entropy(logits_EC.double(), torch.from_numpy(truth_E))
        return {"loss": float(loss), **score(self.data.scores, truth_E, logits_EC.argmax(1).numpy())}

    def _eval_places(self, rank: int, world: int) -> Iterator[NDArray[np.int64]]:
        return in_batches(self._held_out_places, self.training.batch_examples, rank, world)

    @property
    def _held_out_places(self) -> NDArray[np.int64]:
        return spread(self.training.eval_examples, self.examples.count("held_out"))

    @cached_property
    def tokens(self) -> Tokens:
        """Whose tokenizer is used."""
        return TaskTokens(self.data.tokenizer_of, self.options.vocabulary, self.data_dir)

    @cached_property
    def _recipe(self) -> Recipe:
        data = self.data
        names = [data.held_out] if isinstance(data.held_out, str) else data.held_out
        held_out = names if isinstance(names, float) else tuple(located(name, data.glue_dir) for name in names)
        train = located(data.train, data.glue_dir)
        return Recipe(train, held_out, len(data.classes), self.tokens.file, self.tokens.name)


def fit(text: list[int], pair: list[int], room: int) -> tuple[list[int], list[int]]:
    """Cut the longer one at its end until both fit into ``room`` tokens together."""
    kept = min(len(pair), max(room - len(text), room // 2))
    return text[: room - kept], pair[:kept]


def right_padded(rows: list[list[int]], length: int, padding: int) -> Tensor:
    """Rows as int64 ``[B, length]``."""
    tokens_BT = torch.full((len(rows), length), padding, dtype=torch.int64)
    for number, row in enumerate(rows):
        tokens_BT[number, : len(row)] = torch.tensor(row)
    return tokens_BT
