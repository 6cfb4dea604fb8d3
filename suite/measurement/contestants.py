"""Methods that one process group compares on the same weights: for step times and for probes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.cluster import slurm
from suite.cluster.launch import launch
from suite.config.arguments import split_option
from suite.config.compose import compose
from suite.config.reference import PLAIN, refuse_twins, with_reference
from suite.config.run import RunConfig
from suite.config.scale import Cell
from suite.config.validation import from_yaml
from suite.errors import UserError
from suite.records.run_folder import RunFolder
from suite.tasks import build_task
from suite.training.check import check


@dataclass(frozen=True)
class Contestants:
    """What to compare: one configuration per method, the reference first, and where the record goes."""

    configs: tuple[RunConfig, ...]
    record: Path

    @property
    def reference(self) -> RunConfig:
        """That of the method which links are set by and others are held against."""
        return self.configs[0]

    @property
    def vanilla(self) -> RunConfig:
        """That of the run whose weights all methods get."""
        return next(config for config in self.configs if config.method.name == PLAIN)

    @property
    def scratch(self) -> Path:
        """Folder for messages of the ranks."""
        return self.record.with_suffix("")

    def compare(self, worker: str, arguments: Sequence[str]) -> None:
        """Validate every configuration, prepare the data, and run the module ``worker`` on every rank.

        Raises:
            UserError: for bad input, before any rank starts.
            RunError: why the ranks failed.
        """
        for config in self.configs:
            check(config)
        slurm.check_job(self.vanilla.cluster)
        try:
            self.scratch.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"results: {self.scratch} cannot be written ({error.strerror})") from None
        build_task(self.vanilla).prepare()
        launch(worker, arguments, self.vanilla.cluster, self.scratch)


def configurations(arguments: Sequence[str]) -> tuple[RunConfig, ...]:
    """One configuration per method: the reference, vanilla, then what is asked for.

    A method with a recorded run keeps the settings of that run.

    Args:
        arguments: Hydra overrides and ``methods=[a,b]``, by default those of the scale's matrix.

    Raises:
        UserError: for bad input, in one line.
    """
    methods, overrides = split_option("methods", arguments)
    if any(text.startswith("method=") for text in overrides):
        raise UserError("method: a measurement compares several; write methods=[vanilla,lsh]")
    base = compose(overrides)
    if methods is None:
        methods = [name for cell in cells(base) for name in cell.methods]
    methods = with_reference(methods, base.training.precision)
    refuse_twins(methods, base.training.precision, "methods")
    return tuple(_as_trained(compose([*overrides, f"method={name}"])) for name in methods)


def cells(config: RunConfig) -> list[Cell]:
    """Cells of the scale's matrix for this model and task."""
    return [cell for cell in config.scale.matrix if (cell.model, cell.task) == (config.model.name, config.task.name)]


def _as_trained(config: RunConfig) -> RunConfig:
    recorded = RunFolder.of(config).config
    if not recorded.exists():
        return config
    method = from_yaml(recorded.read_text()).method
    if method.reduction is not None and isinstance(rate := method.reduction.get("rate"), list):
        method = method.model_copy(update={"reduction": method.reduction | {"rate": rate[-1][1]}})
    return config.model_copy(update={"method": method})
