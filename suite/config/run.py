"""One run: the validated form of everything under ``suite/conf``.

Rules that join several parts (experts and ranks, for instance) are checked on :class:`RunConfig`.
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
    """A sample of the rows that enter all-to-alls, recorded after every ``every`` steps; 0 records none."""

    every: NonNegativeInt
    rows: PositiveInt = Field(description="rows per layer and rank")


class Seeds(Strict):
    """Roots of single streams of randomness (:mod:`suite.config.seeds`); null is the run's own root seed."""

    model: NonNegativeInt | None = None
    data: NonNegativeInt | None = None
    hash: NonNegativeInt | None = None


class Origin(Strict):
    """Where the run lies whose weights a run starts from; null is the run's own results folder, and its own seed."""

    results: Path | None = None
    seed: NonNegativeInt | None = None


class RunConfig(Strict):
    """One run. :attr:`size` and :attr:`training` are the model and the task at the run's scale."""

    seed: NonNegativeInt
    # Records from before these two fields are as good as ever.
    seeds: Seeds = Seeds()
    origin: Origin = Origin()
    results: Path
    model: ModelConfig
    task: TaskConfig
    method: MethodConfig
    scale: ScaleConfig
    cluster: ClusterConfig
    capture: CaptureSettings
    glue_dir: Path | None = Field(None, description="folder with GLUE's layout, in place of the hub")
    tracking: Literal["off", "mlflow"] = Field("mlflow", description="where a run is mirrored as it goes")

    @property
    def size(self) -> TransformerSize | SwinSize:
        return self.model.sizes[self.scale.name]

    @property
    def training(self) -> Training:
        return self.task.training[self.scale.name]

    def root_seed(self, stream: Literal["model", "data", "hash"]) -> int:
        """What a stream of randomness is derived from: its own seed, or the run's."""
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
