"""Verdicts on the paper's numbers; a speed-up's from the part of a step that shrinks, and from the rate.

Tolerances were fixed before anything was computed.
"""

from dataclasses import dataclass

from suite.config.paper.published import AVERAGE, Published

CONSISTENT, INCONSISTENT, NEEDS_MORE = "consistent", "not consistent", "needs more than the paper reports"

# Of vanilla's step. The paper reports no cost of hashing; a number that needs more than this has something unexplained.
OVERHEAD_LIMIT = 0.10
# An unreported cost may at most be all of vanilla's computation; a printed speed-up that needs more is too small.
# Points of share by which two may differ: "nearly the same", and the precision at which a bar chart can be read.
SHARE_TOLERANCE = 0.05


@dataclass(frozen=True)
class Judgement:
    """A published speed-up S beside S = 1/(1 − s(1−ρ)).

    Attributes:
        possible: S at the reported part s and rate ρ, at no overhead.
        limit: S at ρ = 0.
        part_needed: s that S needs at the reported rate.
        rate_needed: the largest ρ that gives S at the reported part; negative if none does.
        overhead: of vanilla's step, what must have been added for S to be no more than published.
        verdict: one of the three.
        reason: one clause.
    """

    possible: float
    limit: float
    part_needed: float
    rate_needed: float
    overhead: float
    verdict: str
    reason: str


def judge(least: float, most: float, part: float, rate: float, compute: float) -> Judgement:
    """Judge a speed-up known to lie within [least, most].

    Args:
        least: the smallest number that rounds to the printed one.
        most: the largest.
        part: s, the part of vanilla's step that shrinks by the rate.
        rate: ρ.
        compute: the part of vanilla's step outside of all-to-alls.
    """
    possible, limit = 1 / (1 - part * (1 - rate)), 1 / (1 - part)
    saved = 1 - 1 / least
    part_needed, rate_needed = saved / (1 - rate), 1 - saved / part
    overhead = max(0.0, 1 / most - 1 / possible)
    if least > limit:
        verdict = INCONSISTENT
        reason = f"no rate can give it: at most {limit:.2f}× with nothing sent at all"
    elif least > possible:
        verdict = NEEDS_MORE
        reason = f"at most {possible:.2f}×; needs a rate of {rate_needed:.1%} or less, not {rate:.1%}"
    elif overhead > compute:
        verdict = INCONSISTENT
        reason = (
            f"would be {possible:.2f}×; needs an overhead of {overhead:.0%} of a step, more than all of vanilla's "
            f"computation, {compute:.0%}"
        )
    elif overhead > OVERHEAD_LIMIT:
        verdict = NEEDS_MORE
        reason = f"would be {possible:.2f}×; needs an overhead of {overhead:.0%} of a step that is not reported"
    else:
        verdict = CONSISTENT
        reason = f"up to {possible:.2f}× is possible"
    return Judgement(possible, limit, part_needed, rate_needed, overhead, verdict, reason)


def title(model: str, published: Published) -> str:
    """The paper's name of a model."""
    return model if model == AVERAGE else published.models[model].title
