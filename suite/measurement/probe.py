"""Errors of methods against exact dispatch.

Loads vanilla's last weights and, on a few held-out batches, compares outputs and gradients of every method with those
of exact dispatch, for several hash seeds. Writes ``<results>/<scale>/probe/<model>/<task>.json``, and beside it, as
``.npz``, a sample of the rows that enter the last MoE layer's all-to-all, with their tokens and LSH's clusters.
"""

from collections.abc import Sequence

from suite.errors import UserError
from suite.measurement.contestants import Contestants, configurations
from suite.records.run_folder import RunFolder
from suite.training.checkpoint import latest_step


def parse(arguments: Sequence[str]) -> Contestants:
    """The plan for Hydra overrides and ``methods=[a,b]``, by default the matrix's.

    Raises:
        UserError: for bad input, in one line.
    """
    configs = configurations(arguments)
    base = configs[0]
    return Contestants(configs, base.results / base.scale.name / "probe" / base.model.name / f"{base.task.name}.json")


def measure(arguments: Sequence[str]) -> None:
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
            f"probe: {trained.path} holds no weights; make them by: lshmoe-bench train "
            "model={} task={} method=vanilla scale={} seed={}".format(*names)
        )
    plan.compare("suite.measurement.probe_worker", arguments)
