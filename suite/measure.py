"""Step times of several methods, paired: ``python -m suite.measure scale=nano "methods=[vanilla,lsh]"``.

Writes ``<results>/<scale>/speed/<cluster>/<model>/<task>.json`` with every block's raw numbers.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite import slurm
from suite.check import check
from suite.config import compose, from_yaml
from suite.costmodel import paper
from suite.costmodel.targets import kappa_target
from suite.discovery import split_option
from suite.errors import UserError, exit_on_error
from suite.launch import launch
from suite.records import RunFolder
from suite.schema import Cell, RunConfig
from suite.tasks import build_task


@dataclass(frozen=True)
class Plan:
    """What to measure: one configuration per method, vanilla first, on which links, and where the record goes."""

    configs: tuple[RunConfig, ...]
    shares: dict[str, float]  # by the label that the link gets: "30", or the name of a target
    record: Path

    @property
    def vanilla(self) -> RunConfig:
        return self.configs[0]

    @property
    def scratch(self) -> Path:
        """Messages of the ranks."""
        return self.record.with_suffix("")


def parse(arguments: Sequence[str]) -> Plan:
    """The plan for Hydra overrides, ``methods=[a,b]`` and ``shares=[0.3,gpt_moe_a100_4x8]``; by default the matrix's.

    A share is a number, or a name of :mod:`suite.costmodel.targets`: the model on a cluster, by data sheets.

    A method whose run of that seed is on record is measured with the settings of that run; a control with the rate that
    it had at last, as the weights are those of the last step.

    Raises:
        UserError: for bad input, in one line.
    """
    shares, overrides = split_option("shares", arguments)
    configs = contestants(overrides)
    base = configs[0]
    if shares is None:
        shares = [str(share) for cell in _cells(base) for share in cell.shares]
    folder = base.results / base.scale.name / "speed" / base.cluster.name / base.model.name
    return Plan(configs, dict(map(_share, shares)), folder / f"{base.task.name}.json")


def contestants(arguments: Sequence[str]) -> tuple[RunConfig, ...]:
    """One configuration per method, vanilla first, each as it was trained if its run is on record.

    Args:
        arguments: Hydra overrides and ``methods=[a,b]``, by default those of the scale's matrix.

    Raises:
        UserError: for bad input, in one line.
    """
    methods, overrides = split_option("methods", arguments)
    if any(text.startswith("method=") for text in overrides):
        raise UserError("method: a measurement compares several; write methods=[vanilla,lsh]")
    if methods is None:
        methods = [name for cell in _cells(compose(overrides)) for name in cell.methods]
    methods = list(dict.fromkeys(["vanilla", *methods]))
    return tuple(_as_trained(compose([*overrides, f"method={name}"])) for name in methods)


def _cells(config: RunConfig) -> list[Cell]:
    """Cells of the scale's matrix for this model and task."""
    return [cell for cell in config.scale.matrix if (cell.model, cell.task) == (config.model.name, config.task.name)]


def _share(text: str) -> tuple[str, float]:
    """The label of a link and its share."""
    try:
        share = float(text)
    except ValueError:
        return text, paper.share(kappa_target(text).kappa)
    if not 0 < share < 1:
        raise UserError(f"shares: {text!r} is no share of all-to-all in a step; allowed: numbers between 0 and 1")
    return f"{100 * share:g}", share


def _as_trained(config: RunConfig) -> RunConfig:
    recorded = RunFolder.of(config).config
    if not recorded.exists():
        return config
    method = from_yaml(recorded.read_text()).method
    if method.reduction is not None and isinstance(rate := method.reduction.get("rate"), list):
        method = method.model_copy(update={"reduction": method.reduction | {"rate": rate[-1][1]}})
    return config.model_copy(update={"method": method})


def main(arguments: list[str]) -> None:
    """Validate, prepare the data, and measure under torchrun.

    Raises:
        UserError: for bad input, before any rank starts.
        RunError: with the reason the ranks failed for.
    """
    plan = parse(arguments)
    if plan.shares and plan.vanilla.cluster.network not in ("lab", "paced") and split_option("shares", arguments)[0]:
        raise UserError("shares: only links of cluster=lab can be slowed down")
    if plan.vanilla.scale.measurement.blocks < 2:
        raise UserError("scale.measurement.blocks: an interval needs at least 2")
    if not plan.vanilla.training.steps:
        raise UserError(f"task: {plan.vanilla.task.name} only evaluates; step times are those of a task that trains")
    for config in plan.configs:
        check(config)
    slurm.check_job(plan.vanilla.cluster)
    try:
        plan.scratch.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"results: {plan.scratch} cannot be written ({error.strerror})") from None
    build_task(plan.vanilla).prepare()
    launch("suite.measure_worker", arguments, plan.vanilla.cluster, plan.scratch)


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])
