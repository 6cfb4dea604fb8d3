"""Targets for the lab: vanilla's kappa on the cluster that a link is set to resemble."""

from dataclasses import dataclass
from typing import Literal

from suite.config.paper.published import published
from suite.costmodel.paper import kappa
from suite.costmodel.sheets import Shape, network, sheets, vanilla_method, workload
from suite.costmodel.step import predict
from suite.errors import unknown


@dataclass(frozen=True)
class KappaTarget:
    """A named kappa: all-to-all over the rest of vanilla's step.

    Attributes:
        name: ``share_gpt_moe``, or ``gpt_moe_a100_4x8``.
        kappa: ratio.
        kind: from a share that the paper measured, or from data sheets through the cost model.
        source: section of the paper, or what the cluster is.
    """

    name: str
    kappa: float
    kind: Literal["published", "sheet"]
    source: str


def share_targets() -> list[KappaTarget]:
    """The paper's measured shares (Fig. 3 and their average)."""
    return [
        KappaTarget(f"share_{name}", kappa(share.value), "published", share.section)
        for name, share in published().shares.items()
    ]


def sheet_targets() -> list[KappaTarget]:
    """Every model of the paper on every cluster of ``targets.yaml``, with the flat exchange."""
    assumptions = sheets().assumptions
    targets = []
    for name, model in published().models.items():
        shape = Shape.of(model, assumptions)
        for key, cluster in sheets().clusters.items():
            flat = network(cluster, "flat")
            cost = workload(shape, cluster, flat, assumptions).cost(vanilla_method(shape, assumptions))
            targets.append(KappaTarget(f"{name}_{key}", predict(cost, flat).kappa, "sheet", cluster.title))
    return targets


def kappa_target(name: str) -> KappaTarget:
    """Look a target up.

    Raises:
        UserError: there is none of that name.
    """
    known = {target.name: target for target in (*share_targets(), *sheet_targets())}
    if name not in known:
        raise unknown("shares", name, known)
    return known[name]
