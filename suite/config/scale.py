"""How much is run, and how much effort goes into timing."""

from typing import Annotated

from pydantic import Field, PositiveInt, model_validator

from suite.config.base import NonNegativeInt, ScaleName, Strict
from suite.config.method import Target


class MeasurementSettings(Strict):
    """Paired step-time measurement: methods alternate in blocks inside one process group."""

    warmup_steps: NonNegativeInt = Field(description="untimed steps of each method before its first block")
    blocks: PositiveInt = Field(description="timed blocks per method in a session")
    steps_per_block: PositiveInt = Field(description="training steps in a block")
    # Older records were measured in one.
    sessions: PositiveInt = Field(default=1, description="times that process groups and links are set up anew")


class ProbeSettings(Strict):
    """Errors of methods against exact dispatch, on vanilla's last weights and held-out batches."""

    batches: PositiveInt = Field(description="held-out batches")
    hash_seeds: PositiveInt = Field(description="drawn anew for each method that draws")


class Cell(Strict):
    """Runs of a scale: one model on one task with several methods.

    Cells of the same model and task add up, so that some methods may have more seeds than others.
    """

    model: str = Field(description="a file of conf/model")
    task: str = Field(description="a file of conf/task")
    methods: list[str] = Field(min_length=1, description="files of conf/method")
    seeds: list[NonNegativeInt] | None = Field(None, min_length=1, description="of its runs, if not the scale's")
    timed: bool = Field(True, description="whether step times are measured")
    cluster: str | None = Field(None, description="where its runs train, if not where the scale's do")
    shares: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [],
        description="of all-to-all in the reference's step, at which step times are measured; the model's own first",
    )
    probed: bool = Field(False, description="whether methods' errors against exact dispatch are measured")
    target_rate: Target | None = Field(
        None, description="of every method here that has a reduction, unless its own file or the command line says else"
    )
    target_bytes: Target | None = Field(None, description="in place of target_rate; see there")

    @model_validator(mode="after")
    def _one_target(self) -> "Cell":
        if self.target_rate is not None and self.target_bytes is not None:
            raise ValueError("target_bytes: target_rate is given too; give one of them")
        return self


class ScaleConfig(Strict):
    """How much is run: the matrix of runs, their seeds, and the effort put into timing."""

    name: ScaleName = Field(description="of the file")
    seeds: list[NonNegativeInt] = Field(min_length=1, description="of the runs of cells without seeds of their own")
    cluster: str = Field(description="where runs train")
    timed_on: str = Field(description="cluster on which step times are measured")
    matrix: list[Cell] = Field(min_length=1, description="runs that are asked for")
    measurement: MeasurementSettings = Field(description="how step times are measured")
    # Records of runs repeat this part; older ones have no probe.
    probe: ProbeSettings = Field(
        default=ProbeSettings(batches=2, hash_seeds=5), description="how methods' errors are measured"
    )

    @model_validator(mode="after")
    def _train_in_one_place(self) -> "ScaleConfig":
        places: dict[tuple[str, str], str | None] = {}
        for cell in self.matrix:
            if places.setdefault((cell.model, cell.task), cell.cluster) != cell.cluster:
                raise ValueError(f"matrix: cells of {cell.model} on {cell.task} name different clusters; name one")
        return self
