"""A study at one scale: the validated form of a file of ``sweeps/conf``."""

import itertools
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from suite.config.base import Fraction, NonNegativeInt, ScaleName, Strict
from suite.config.compose import compose
from suite.config.conf import choices
from suite.config.validation import parse_options
from suite.errors import UserError, unknown
from sweeps.setting import Setting, Value

CONF = Path(__file__).parent / "conf"
Objective = Literal["quality", "relative_bytes", "relative_step_time"]


class Range(Strict):
    """Whole numbers from ``low`` to ``high``, both included."""

    low: int
    high: int

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if self.low > self.high:
            raise ValueError(f"low: {self.low} exceeds high={self.high}")
        return self


class Confirmation(Strict):
    """Trains the best settings again, with fresh seeds, beside vanilla. An empty list of seeds leaves it out."""

    seeds: list[NonNegativeInt]
    vanilla: bool = Field(True, description="train vanilla with the same seeds too, for the difference to it")
    targets: list[Fraction] = Field([0.20, 0.15, 0.10], min_length=1)
    target_of: Literal["relative_bytes", "rate"] = Field(
        "relative_bytes",
        description="what a target limits: bytes on the wire relative to 16-bit rows, which a network sees and all "
        "wires share, or rows sent over rows routed, as the paper counts, which suits studies of one wire alone",
    )


class Heartbeat(Strict):
    """How a dead worker is detected: its trial counts as lost after ``grace`` seconds without a heartbeat."""

    interval: PositiveInt = 10
    grace: PositiveInt = 60
    retries: NonNegativeInt = Field(3, description="how often a lost trial is tried again")

    @model_validator(mode="after")
    def _patient(self) -> "Heartbeat":
        if self.grace <= self.interval:
            raise ValueError(f"grace: {self.grace} must exceed interval={self.interval}")
        return self


class Study(Strict):
    """A study at one scale.

    A sampled study (``tpe``, ``nsga2``, ``gp``) has a ``space`` and a number of ``trials``; a ``grid`` has blocks, each
    of which is the product of its lists, and one trial per distinct point.
    """

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    summary: str
    scale: ScaleName
    model: str
    tasks: list[str] = Field(min_length=1, description="several only in a grid; fronts are drawn for each")
    sampler: Literal["tpe", "nsga2", "gp", "grid"]
    trials: PositiveInt | None = None
    space: dict[str, Range | list[Value]] = Field({})
    grid: list[dict[str, list[Value] | Value]] = Field([])
    objectives: list[Objective] = Field(["quality", "relative_bytes"], min_length=1)
    kappa: PositiveFloat | None = Field(None, description="of vanilla, at which relative_step_time is predicted")
    seed: NonNegativeInt = Field(0, description="root seed of all trials and of the sampler")
    training: dict[str, Any] = Field({}, description="overrides of the task's training at this scale")
    cluster: str = "loopback"
    workers: PositiveInt = Field(1, description="that the pipeline starts; two on two cores would disturb each other")
    heartbeat: Heartbeat = Heartbeat()
    confirmation: Confirmation = Confirmation(seeds=[])

    @model_validator(mode="after")
    def _consistent(self) -> "Study":
        grid = self.sampler == "grid"
        if grid and (self.space or self.trials or not self.grid):
            raise ValueError("sampler: grid takes its trials from the blocks under grid; leave space and trials out")
        if not grid and (self.grid or not self.space or not self.trials):
            raise ValueError(f"sampler: {self.sampler} needs space and trials, and no grid")
        if not grid and len(self.tasks) > 1:
            raise ValueError(f"tasks: {self.sampler} searches on one task, not on {len(self.tasks)}")
        for name, values in self.space.items():
            if name in ("task", "method", "target_rate"):
                raise ValueError(f"space.{name}: only a grid may hold it")
            if not values:
                raise ValueError(f"space.{name}: no value")
        if ("relative_step_time" in self.objectives) != (self.kappa is not None):
            raise ValueError("kappa: relative_step_time needs one, and nothing else does")
        if self.seed in self.confirmation.seeds:
            raise ValueError(f"confirmation.seeds: {self.seed} is the seed of the trials; allowed: any other")
        return self

    @property
    def targets(self) -> list[float]:
        """Rates or relative bytes for which the best setting is searched, largest first."""
        return sorted(self.confirmation.targets, reverse=True)

    def points(self) -> list[dict[str, Value]]:
        """Distinct points of a grid in order, each with its task."""
        found = []
        for block in self.grid:
            lists = {name: value if isinstance(value, list) else [value] for name, value in block.items()}
            lists.setdefault("task", list(self.tasks))
            found += [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]
        return [point for number, point in enumerate(found) if point not in found[:number]]

    def trial_count(self) -> int:
        """Number of trials without retries."""
        return self.trials or len(self.points())

    def setting(self, point: dict[str, Value]) -> Setting:
        """A validated setting of the study.

        Raises:
            UserError: naming the parameter at fault.
        """
        return parse_options("setting", Setting, point)

    def overrides(self, setting: Setting) -> list[str]:
        """Hydra overrides of a setting's run, without the results folder."""
        names = [f"model={self.model}", f"task={setting.task or self.tasks[0]}", f"scale={self.scale}"]
        training = [f"task.training.{self.scale}.{name}={value}" for name, value in self.training.items()]
        # Trials are short and many: mirroring all of them would need more memory than their ranks.
        fixed = [f"cluster={self.cluster}", f"seed={self.seed}", "tracking=off"]
        return [*names, *fixed, *training, *setting.overrides()]


def studies() -> list[str]:
    """Names of the studies of ``sweeps/conf``."""
    return sorted(path.stem for path in CONF.glob("*.yaml"))


def load_study(name: str, scale: str) -> Study:
    """A study of ``sweeps/conf``, or of the file that ``name`` is the path of, at ``scale``.

    The section ``scales.<scale>`` of the file overrides its other fields.

    Raises:
        UserError: an unknown study or scale, or a field at fault.
    """
    path = Path(name) if name.endswith(".yaml") else CONF / f"{name}.yaml"
    if not path.exists():
        if name.endswith(".yaml"):
            raise UserError(f"study: {path} is not there")
        raise unknown("study", name, studies())
    try:
        values = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise UserError(f"study: {path} is not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(values, dict) or not isinstance(values.get("scales"), dict):
        raise UserError(f"study: {path} needs a mapping 'scales' with a section for every scale that it runs at")
    scales = values.pop("scales")
    if scale not in scales:
        raise unknown("scale", scale, scales)
    study = parse_options(f"study {path.stem}", Study, values | {"scale": scale} | (scales[scale] or {}))
    if study.name != path.stem:
        raise UserError(f"study {path.stem}.name: {study.name!r} is not the name of its file")
    check_settings(study)
    return study


def probes(study: Study) -> list[dict[str, Value]]:
    """Points that cover all values: those of a grid; of a space, one point per value and per end of a range."""
    points: list[dict[str, Value]] = study.points()
    for name, values in study.space.items():
        ends = [values.low, values.high] if isinstance(values, Range) else values
        points += [{name: value} for value in ends]
    return points


def check_settings(study: Study) -> None:
    """Check that every value of the search space is valid, and that its runs compose.

    Raises:
        UserError: naming the parameter, the task, the model or the override at fault.
    """
    where = f"study {study.name}"
    for task in study.tasks:
        if task not in choices("task"):
            raise unknown(f"{where}.tasks", task, choices("task"))
    if study.model not in choices("model"):
        raise unknown(f"{where}.model", study.model, choices("model"))
    settings = [parse_options(f"{where}, setting", Setting, point) for point in probes(study)]
    for setting in settings:
        if setting.task is not None and setting.task not in study.tasks:
            raise unknown(f"{where}, setting.task", setting.task, study.tasks)
    for task in study.tasks:
        compose(study.overrides(Setting(task=task)))
