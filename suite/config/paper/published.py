"""The paper's printed numbers as data: ``suite/conf/paper/published.yaml``, validated."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from suite.config.base import Strict
from suite.config.conf import CONF
from suite.config.validation import parse_options

PUBLISHED = CONF / "paper" / "published.yaml"

# The model of a number that is an average over all models.
AVERAGE = "average"


class PublishedModel(Strict):
    """A model's shape as Table 1 prints it."""

    title: str
    section: str
    layers: PositiveInt
    d_model: PositiveInt
    d_ffn: PositiveInt
    widths_stated: bool = Field(True, description="whether Table 1 prints d_model and d_ffn")
    experts: PositiveInt
    cluster: str = Field(description="where it ran, of suite/conf/targets.yaml")


class ShareCluster(Strict):
    """Where shares were measured, and the size at which they stayed nearly the same."""

    cluster: str
    gpus: PositiveInt
    gpus_doubled: PositiveInt


class PrintedFraction(Strict):
    """A printed share or compression rate, within (0, 1)."""

    value: Annotated[float, Field(gt=0, lt=1)]
    section: str


class Throughput(Strict):
    """Samples per second without and with LSH-MoE."""

    before: PositiveFloat
    after: PositiveFloat
    section: str


class Quality(Strict):
    """A printed quality in percent, without and with LSH-MoE."""

    model: str
    task: str
    metric: Literal["accuracy", "top1", "top5"]
    section: str
    before: PositiveFloat
    after: PositiveFloat


class Marked(Strict):
    """Perplexities marked on a curve, with error compensation and without; the latter may not be marked."""

    compensated: PositiveFloat
    uncompensated: PositiveFloat | None = None
    section: str


class TaskRow(Strict):
    """The printed row that a task of this project measures, or reproduces with other data (``stand_in``)."""

    row: str
    stand_in: bool


class PublishedSpeedup(Strict):
    """A printed speed-up with the share and the rate to judge it by, each a name within :class:`Published`."""

    id: str
    model: str
    task: str
    section: str
    value: PositiveFloat
    digit: PositiveFloat = Field(description="the last printed place: 0.1 of 1.3")
    share: str
    rate: str
    share_stated: bool = Field(True, description="whether the paper reports that share for this model")
    rate_stated: bool = Field(True, description="whether the paper reports that rate for this model")

    @property
    def least(self) -> float:
        """The smallest number that rounds to ``value``."""
        return self.value - self.digit / 2

    @property
    def most(self) -> float:
        """The largest number that rounds to ``value``."""
        return self.value + self.digit / 2


class Published(Strict):
    """All of the paper's numbers that the audit, the extrapolation and the paper's own tables and figures use."""

    models: dict[str, PublishedModel]
    share_cluster: ShareCluster
    shares: dict[str, PrintedFraction]
    largest_share: float = Field(gt=0, lt=1, description="what the text calls the most that all-to-all takes")
    rates: dict[str, PrintedFraction]
    throughputs: dict[str, Throughput]
    speedups: list[PublishedSpeedup] = Field(min_length=1)
    qualities: list[Quality]
    perplexities: dict[str, Marked]
    tasks: dict[str, TaskRow]

    @model_validator(mode="after")
    def _named_numbers_exist(self) -> "Published":
        for speedup in self.speedups:
            for field, known in (("share", self.shares), ("rate", self.rates), ("model", {AVERAGE, *self.models})):
                if getattr(speedup, field) not in known:
                    raise ValueError(
                        f"speedups.{speedup.id}.{field}: unknown {getattr(speedup, field)!r}; "
                        f"allowed: {', '.join(sorted(known))}"
                    )
        rows = {quality.task for quality in self.qualities}
        for task, meant in self.tasks.items():
            if meant.row not in rows:
                raise ValueError(f"tasks.{task}.row: unknown {meant.row!r}; allowed: {', '.join(sorted(rows))}")
        return self

    def speedup(self, model: str, task: str) -> float | None:
        """The printed speed-up of a model on a row's task; None where none is printed."""
        return next((s.value for s in self.speedups if (s.model, s.task) == (model, task)), None)


@cache
def published(path: Path = PUBLISHED) -> Published:
    """Read and validate the paper's numbers.

    Raises:
        UserError: naming the field at fault.
    """
    return parse_options("paper.published", Published, yaml.safe_load(path.read_text()))
