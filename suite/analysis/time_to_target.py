"""How much sooner a method reaches the reference's quality: steps of runs, times timed seconds per step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suite.analysis.estimate import Estimate
from suite.analysis.speedup import blocks_of, speedup_of
from suite.analysis.statistics import ratio_with_common_factor
from suite.records.evidence import Run, Speed


@dataclass(frozen=True)
class StepCost:
    """Seconds of a method's step over the reference's, as a line through two rates.

    At the rate that was timed a step takes what was timed. If all rows were sent it would take the reference's step,
    and the method's own reduction on top. Between them each row pays for its wire and its expert.

    Attributes:
        timed: at ``rate``, of the reference's step; its inverse is the speed-up.
        rate: rows sent over rows routed in the timed steps.
        whole: with all rows sent.
    """

    timed: float
    rate: float
    whole: float

    def at(self, rate: float) -> float:
        """At another rate. A method that sends all its rows costs the same at any time."""
        if self.rate >= 1:
            return self.timed
        return self.timed + (rate - self.rate) * (self.whole - self.timed) / (1 - self.rate)


def step_cost(link: Speed, method: str, reference: str = "vanilla") -> StepCost:
    """The cost of a method's step on a link."""
    blocks, others = blocks_of(link, method), blocks_of(link, reference)
    reduction = sum(phases.get("reduction", 0.0) for phases in blocks["phases"]) / others["seconds"].sum()
    rate = float(blocks["rows_sent"].sum() / blocks["rows_routed"].sum())
    return StepCost(1 / speedup_of(link, method, reference).value, rate, 1 + float(reduction))


def time_ratio(
    link: Speed,
    method: str,
    runs: Sequence[Run],
    mine: Mapping[int, float | None],
    theirs: Mapping[int, float | None],
    reference: str = "vanilla",
) -> Estimate | None:
    """The reference's time to the target over the method's, over the seeds in which both reach it.

    Its interval carries the noise of seeds and that of the paired step times. Each run's steps are charged at the run's
    own rates, not at the one rate that was timed.

    Args:
        link: the paired measurement.
        method: whose ``runs`` they are.
        runs: one per seed.
        mine: by seed, the step at which a run reaches the target; None where it never does.
        theirs: likewise, of the reference.
        reference: the method that sends all its rows.

    Returns:
        None if a method was not timed on ``link``, or no seed counts.
    """
    if not {method, reference} <= set(link.blocks["method"]):
        return None
    cost, ratios = step_cost(link, method, reference), []
    for run in runs:
        own, other = mine[run.seed], theirs.get(run.seed)
        if own and other:
            ratios.append(other / own * cost.timed / cost.at(_rate(run, own)))
    return ratio_with_common_factor(ratios, speedup_of(link, method, reference))


def _rate(run: Run, steps: float) -> float:
    """Rows sent over rows routed in the first ``steps`` steps."""
    first = run.train[run.train["step"] <= max(1, round(steps))]
    return float(first["rows_sent"].sum() / first["rows_routed"].sum())
