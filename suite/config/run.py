"""One run: the validated form of everything under ``suite/conf``.

Rules across parts (experts and ranks, for instance) are checked on :class:`RunConfig`.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from suite.config.base import NonNegativeInt, Strict
from suite.config.cluster import ClusterConfig
from suite.config.method import MethodConfig
from suite.config.model import ModelConfig, SwinSize, TransformerSize
from suite.config.scale import ScaleConfig
from suite.config.task import TaskConfig, Training


class CaptureSettings(Strict):
    """A sample of the rows that enter all-to-alls, recorded at every ``every``-th step; 0 records none."""

    every: NonNegativeInt = Field(description="steps between samples; 0 records none")
    rows: PositiveInt = Field(description="rows per layer and rank")


class Seeds(Strict):
    """Roots of single streams of randomness (:mod:`suite.config.seeds`); null is the run's own root seed."""

    model: NonNegativeInt | None = Field(default=None, description="initial weights")
    data: NonNegativeInt | None = Field(default=None, description="order of the training data")
    hash: NonNegativeInt | None = Field(default=None, description="whatever a method draws")


class Origin(Strict):
    """The run to start from: its results folder and seed; null takes those of this run."""

    results: Path | None = Field(default=None, description="its results folder")
    seed: NonNegativeInt | None = Field(default=None, description="its seed")


class RunConfig(Strict):
    """One run. :attr:`size` and :attr:`training` are the model and the task at the run's scale."""

    seed: NonNegativeInt = Field(description="root of all streams of randomness")
    # Older records do not have these two fields and stay valid.
    seeds: Seeds = Field(default=Seeds(), description="roots of single streams")
    origin: Origin = Field(default=Origin(), description="of the weights that a task starts from")
    results: Path = Field(description="folder under which records are written")
    model: ModelConfig = Field(description="what is trained")
    task: TaskConfig = Field(description="what it is trained on")
    method: MethodConfig = Field(description="how rows travel in all-to-alls")
    scale: ScaleConfig = Field(description="how large and how long")
    cluster: ClusterConfig = Field(description="where ranks run")
    capture: CaptureSettings = Field(description="samples of rows")
    glue_dir: Path | None = Field(None, description="folder with GLUE's layout, in place of the hub")
    cifar10_dir: Path | None = Field(None, description="folder or zip of CIFAR-10, in place of the download")
    tracking: Literal["off", "mlflow"] = Field("mlflow", description="where a run is mirrored as it goes")

    @property
    def size(self) -> TransformerSize | SwinSize:
        return self.model.sizes[self.scale.name]

    @property
    def training(self) -> Training:
        return self.task.training[self.scale.name]

    def root_seed(self, stream: Literal["model", "data", "hash"]) -> int:
        """The root seed of a stream of randomness: its own, or the run's."""
        own: int | None = getattr(self.seeds, stream)
        return self.seed if own is None else own

    @model_validator(mode="after")
    def _consistent(self) -> "RunConfig":
        scale, ranks = self.scale.name, self.cluster.ranks
        for field, sizes in (("model", self.model.sizes), ("task", self.task.training)):
            if scale not in sizes:
                named, allowed = getattr(self, field).name, ", ".join(sorted(sizes))
                raise ValueError(f"scale: {field} {named!r} has none called {scale!r}; allowed: {allowed}")
        if self.size.experts % ranks:
            raise ValueError(
                f"model.sizes.{scale}.experts: {self.size.experts} is not divisible by cluster.ranks={ranks}; "
                f"allowed: a multiple of {ranks}"
            )
        if self.training.batch_examples % ranks:
            raise ValueError(
                f"task.training.{scale}.batch_examples: {self.training.batch_examples} is not divisible by "
                f"cluster.ranks={ranks}; allowed: a multiple of {ranks}"
            )
        return self
