"""The paper against its own arithmetic: do its speed-ups, shares, rates and equations fit each other?

Nothing is measured here. Tolerances were fixed before any row was computed.
"""

from dataclasses import dataclass

from suite.comparisons import Row
from suite.costmodel import paper
from suite.costmodel.sheets import Cluster, Shape, sheets
from suite.published import AVERAGE, Published, PublishedSpeedup

CONSISTENT, INCONSISTENT, NEEDS_MORE = "consistent", "not consistent", "needs more than the paper reports"

# Of vanilla's step. The paper reports no cost of hashing; a number that needs more than this has something unexplained.
OVERHEAD_LIMIT = 0.10
# Points of share by which two may differ: "nearly the same", and the precision at which a bar chart can be read.
SHARE_TOLERANCE = 0.05

BYTES_SHRINK, EXPERTS_SHRINK = "all-to-all shrinks", "experts shrink too"


def audit_rows(published: Published) -> list[Row]:
    """One row per statement and reading."""
    return [
        *(row for speedup in published.speedups for row in _speedup_rows(speedup, published)),
        *_throughput_rows(published),
        *_share_rows(published),
        *_growth_rows(published),
    ]


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


def judge(least: float, most: float, part: float, rate: float) -> Judgement:
    """Judge a speed-up known to lie within [least, most].

    Args:
        least: the smallest number that rounds to the printed one.
        most: the largest.
        part: s, the part of vanilla's step that shrinks by the rate.
        rate: ρ.
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
    elif overhead > OVERHEAD_LIMIT:
        verdict = NEEDS_MORE
        reason = f"would be {possible:.2f}×; needs an overhead of {overhead:.0%} of a step that is not reported"
    else:
        verdict = CONSISTENT
        reason = f"up to {possible:.2f}× is possible, an overhead of {overhead:.0%} of a step is left"
    return Judgement(possible, limit, part_needed, rate_needed, overhead, verdict, reason)


def _speedup_rows(speedup: PublishedSpeedup, published: Published) -> list[Row]:
    share, rate = published.shares[speedup.share].value, published.rates[speedup.rate].value
    experts = _expert_part(speedup.model, published)
    rows = []
    for reading, part in ((BYTES_SHRINK, share), (EXPERTS_SHRINK, share + (1 - share) * experts)):
        found = judge(speedup.least, speedup.most, part, rate)
        # Of the second reading: the share at which all-to-all and experts together are the part needed.
        needed = found.part_needed if reading == BYTES_SHRINK else (found.part_needed - experts) / (1 - experts)
        rows.append(
            {
                "statement": speedup.id,
                "section": speedup.section,
                "model": _title(speedup.model, published),
                "task": speedup.task,
                "quantity": "speed-up",
                "published": speedup.value,
                "reading": reading,
                "share": share,
                "rate": rate,
                "possible": found.possible,
                "limit": found.limit,
                "share_needed": max(0.0, needed),
                "rate_needed": found.rate_needed if found.rate_needed >= 0 else None,
                "overhead": found.overhead,
                "borrowed": _borrowed(speedup),
                "verdict": found.verdict,
                "reason": found.reason,
            }
        )
    return rows


def _expert_part(model: str, published: Published) -> float:
    """Experts' part of vanilla's compute, by shape; of the average, the mean over models."""
    shapes = {name: Shape.of(each, sheets().assumptions) for name, each in published.models.items()}
    if model == AVERAGE:
        return sum(shape.expert_part for shape in shapes.values()) / len(shapes)
    return shapes[model].expert_part


def _title(model: str, published: Published) -> str:
    return model if model == AVERAGE else published.models[model].title


def _borrowed(speedup: PublishedSpeedup) -> str | None:
    missing = [name for name in ("share", "rate") if not getattr(speedup, f"{name}_stated")]
    return " and ".join(missing) or None


def _throughput_rows(published: Published) -> list[Row]:
    """Samples per second against the speed-up printed for them."""
    rows: list[Row] = []
    for model, throughput in published.throughputs.items():
        ratio = throughput.after / throughput.before
        for speedup in (s for s in published.speedups if s.model == model and s.section == throughput.section):
            fits = speedup.least <= ratio <= speedup.most
            rows.append(
                {
                    "statement": f"{speedup.id}_throughput",
                    "section": throughput.section,
                    "model": _title(model, published),
                    "task": speedup.task,
                    "quantity": "speed-up",
                    "published": speedup.value,
                    "reading": "samples per second",
                    "possible": ratio,
                    "verdict": CONSISTENT if fits else INCONSISTENT,
                    "reason": f"{throughput.after:g} over {throughput.before:g} samples/s is {ratio:.3f}",
                }
            )
    return rows


def _share_rows(published: Published) -> list[Row]:
    """Eqs. 6 to 9 against Fig. 3, as printed and corrected, at the GPUs' peak."""
    where = published.share_cluster
    cluster, top_k = sheets().clusters[where.cluster], sheets().assumptions.top_k
    rows = []
    for model, share in published.shares.items():
        if model == AVERAGE:
            continue
        hidden = published.models[model].d_model
        servers = cluster.topology(where.gpus).servers
        printed = _printed_ratio(cluster, hidden, top_k, servers)
        corrected = paper.corrected_ratio(
            top_k,
            hidden,
            servers,
            cluster.gpu.flops,
            cluster.nic_rate,
            bytes_per_element=sheets().assumptions.bytes_per_element,
            nics_per_server=cluster.nics_per_server,
            gpus_per_server=cluster.gpus_per_server,
        )
        for reading, ratio in (("eq. 9 as printed", printed), ("eq. 9, bytes and shared NICs", corrected)):
            verdict, reason = _judge_share(paper.share(ratio), share.value)
            rows.append(
                _share_row(f"share_{model}", share.section, model, published, share.value, reading, ratio)
                | {"verdict": verdict, "reason": reason}
            )
    return rows


def _printed_ratio(cluster: Cluster, hidden: int, top_k: int, servers: int) -> float:
    """Eq. 9 with B_inter of a whole server."""
    return paper.ratio(top_k, hidden, servers, cluster.gpu.flops, cluster.nic_rate * cluster.nics_per_server)


def _judge_share(given: float, reported: float) -> tuple[str, str]:
    fraction = paper.kappa(reported) / paper.kappa(given)
    if abs(given - reported) <= SHARE_TOLERANCE:
        return CONSISTENT, f"gives {given:.0%} at peak FLOP/s"
    if fraction <= 1:
        return NEEDS_MORE, f"gives {given:.0%} at peak FLOP/s; needs {fraction:.0%} of the peak, which is not reported"
    return INCONSISTENT, f"gives {given:.0%} even at peak FLOP/s; slower GPUs make it less"


def _share_row(
    statement: str, section: str, model: str, published: Published, value: float, reading: str, ratio: float
) -> Row:
    return {
        "statement": statement,
        "section": section,
        "model": _title(model, published),
        "quantity": "share",
        "published": value,
        "reading": reading,
        "possible": paper.share(ratio),
        "borrowed": None if published.models[model].widths_stated else "width",
    }


def _growth_rows(published: Published) -> list[Row]:
    """What §3.3 and Fig. 3 say of more servers, more experts and other models, by eq. 9 from the reported shares."""
    where = published.share_cluster
    cluster = sheets().clusters[where.cluster]
    few, many = (cluster.topology(gpus).servers for gpus in (where.gpus, where.gpus_doubled))
    growth = ((many - 1) / many) / ((few - 1) / few)
    rows = []
    for model, share in published.shares.items():
        if model == AVERAGE:
            continue
        for statement, factor, why in (
            ("share_at_twice_the_servers", growth, f"(w−1)/w grows by {growth:.2f} from {few} to {many} servers"),
            ("share_at_twice_the_experts", 1.0, "the number of experts does not occur in eq. 9"),
        ):
            ratio = paper.kappa(share.value) * factor
            apart = abs(paper.share(ratio) - share.value)
            row = _share_row(statement, "Fig. 3", model, published, share.value, "eq. 9 as printed", ratio)
            fits = apart <= SHARE_TOLERANCE
            rows.append(row | {"verdict": CONSISTENT if fits else INCONSISTENT, "reason": why})
    return [*rows, *_same_equation_rows(published)]


def _same_equation_rows(published: Published) -> list[Row]:
    """Models that are alike in all that eq. 9 depends on must have equal shares."""
    names = [name for name in published.shares if name != AVERAGE and published.models[name].widths_stated]
    rows: list[Row] = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            if published.models[first].d_model != published.models[second].d_model:
                continue
            one, other = published.shares[first].value, published.shares[second].value
            row = _share_row(
                f"share_as_{first}", "Fig. 3", second, published, other, "eq. 9 as printed", paper.kappa(one)
            )
            fits = abs(one - other) <= SHARE_TOLERANCE
            reason = f"{_title(first, published)} has the same h, k and w, so the same share, {one:.0%}"
            rows.append(row | {"verdict": CONSISTENT if fits else INCONSISTENT, "reason": reason})
    return rows
