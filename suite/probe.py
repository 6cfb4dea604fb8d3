"""Errors of methods against exact dispatch: ``python -m suite.probe model=gpt_moe task=text_lm scale=nano``.

Loads vanilla's last weights and, on a few held-out batches, compares outputs and gradients of every method with those
of exact dispatch, for several hash seeds. Writes ``<results>/<scale>/probe/<model>/<task>.json``, and beside it, as
``.npz``, a sample of the rows that enter the last MoE layer's all-to-all, with their tokens and LSH's clusters.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.check import check
from suite.checkpoint import latest_step
from suite.errors import UserError, exit_on_error
from suite.launch import launch
from suite.measure import contestants
from suite.records import RunFolder
from suite.schema import RunConfig
from suite.tasks import build_task


@dataclass(frozen=True)
class Plan:
    """What to probe: one configuration per method, vanilla first, and where the record goes."""

    configs: tuple[RunConfig, ...]
    record: Path

    @property
    def vanilla(self) -> RunConfig:
        return self.configs[0]

    @property
    def scratch(self) -> Path:
        """Messages of the ranks."""
        return self.record.with_suffix("")


def parse(arguments: Sequence[str]) -> Plan:
    """The plan for Hydra overrides and ``methods=[a,b]``, by default the matrix's.

    Raises:
        UserError: for bad input, in one line.
    """
    configs = contestants(arguments)
    base = configs[0]
    return Plan(configs, base.results / base.scale.name / "probe" / base.model.name / f"{base.task.name}.json")


def main(arguments: list[str]) -> None:
    """Validate, and probe under torchrun.

    Raises:
        UserError: for bad input, before any rank starts.
        RunError: with the reason the ranks failed for.
    """
    plan = parse(arguments)
    trained = RunFolder.of(plan.vanilla)
    if not latest_step(trained.checkpoints):
        names = (plan.vanilla.model.name, plan.vanilla.task.name, plan.vanilla.scale.name, plan.vanilla.seed)
        raise UserError(
            f"probe: {trained.path} holds no weights; make them by: python -m suite.train "
            "model={} task={} method=vanilla scale={} seed={}".format(*names)
        )
    for config in plan.configs:
        check(config)
    try:
        plan.scratch.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"results: {plan.scratch} cannot be written ({error.strerror})") from None
    build_task(plan.vanilla).prepare()
    launch("suite.probe_worker", arguments, plan.vanilla.cluster, plan.scratch)


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])
