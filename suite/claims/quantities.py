"""What can be measured of a place: each a number with its interval, and the records it comes from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from suite.analysis.convergence import reached_at, target_of
from suite.analysis.estimate import Estimate
from suite.analysis.speedup import blocks_of, seconds_by_phase, speedup_of
from suite.analysis.statistics import over_seeds, paired_ratio
from suite.analysis.time_to_target import time_ratio
from suite.claims.bench import Bench
from suite.claims.finding import INCONCLUSIVE, NOT_SUPPORTED, Finding, Settled
from suite.claims.ledger import Place
from suite.records.evidence import Run


@dataclass(frozen=True)
class Measured:
    """A quantity.

    Attributes:
        estimate: in the unit that the quantity's docstring says.
        evidence: relative to the scale's folder.
        note: what to know of it, one clause.
    """

    estimate: Estimate
    evidence: list[str]
    note: str = ""


def speedup(bench: Bench, place: Place, method: str, reference: str) -> Measured:
    """The reference's step time over the method's, paired, times."""
    speed = bench.speed(place, method, reference)
    blocks = blocks_of(speed, method)
    rate = blocks["rows_sent"].sum() / blocks["rows_routed"].sum()
    ratio = speedup_of(speed, method, reference)
    return Measured(ratio, bench.paths(speed), f"on {speed.cluster}, {rate:.1%} of rows sent")


def time_to_target(bench: Bench, place: Place, method: str, reference: str) -> Measured:
    """The reference's time to its own quality over the method's, over seeds, at the rates of each run."""
    runs, theirs = bench.runs(place, method), bench.runs(place, reference)
    speed = bench.speed(place, method, reference)
    evidence = sorted({*bench.paths(*runs, *theirs), *bench.paths(speed)})
    target = target_of(theirs)
    mine, others = ({run.seed: reached_at(run, target) for run in group} for group in (runs, theirs))
    pairs = [(others[seed], mine[seed]) for seed in mine if seed in others]
    if not pairs or any(None in pair for pair in pairs):
        late = sum(after is None for _, after in pairs)
        verdict = NOT_SUPPORTED if late == len(pairs) > 1 else INCONCLUSIVE
        reason = f"{late} of {len(pairs)} seeds did not reach the target of {target:.4g}"
        raise Settled(Finding(verdict, reason, evidence=evidence))
    estimate = time_ratio(speed, method, runs, mine, others, reference)
    assert estimate is not None, "every pair reached the target"
    return Measured(estimate, evidence, f"on {speed.cluster}")


def rate(bench: Bench, place: Place, method: str, reference: str) -> Measured:
    """Rows sent over rows routed in training, a fraction over seeds."""
    runs = _trained(bench.runs(place, method))
    return Measured(over_seeds([run.summary.rate for run in runs if run.summary.rate is not None]), bench.paths(*runs))


def share(bench: Bench, place: Place, method: str, reference: str) -> Measured:
    """The method's all-to-all time over its step, a fraction over rounds."""
    speed = bench.speed(place, method)
    blocks = blocks_of(speed, method)
    within = [seconds_by_phase(phases)["all_to_all"] for phases in blocks["phases"]]
    return Measured(paired_ratio(within, blocks["seconds"].tolist()), bench.paths(speed), f"on {speed.cluster}")


def value(bench: Bench, place: Place, method: str, reference: str) -> Measured:
    """The last held-out metric over seeds; of a share, in points."""
    runs = bench.runs(place, method)
    return Measured(over_seeds([_value(run) for run in runs]), bench.paths(*runs))


def value_gap(bench: Bench, place: Place, method: str, reference: str) -> Measured:
    """The last held-out metric less the reference's of the same seed; of a share, in points."""
    runs, theirs = bench.runs(place, method), {run.seed: run for run in bench.runs(place, reference)}
    gaps = [_value(run) - _value(theirs[run.seed]) for run in runs if run.seed in theirs]
    if not gaps:
        raise Settled(Finding(INCONCLUSIVE, f"{method} and {reference} have no seed in common"))
    return Measured(over_seeds(gaps), bench.paths(*runs, *theirs.values()))


def top5(bench: Bench, place: Place, method: str, reference: str) -> Measured:
    """Top-5 accuracy over seeds, in points."""
    runs = bench.runs(place, method)
    return Measured(over_seeds([100 * run.summary.final["top5"] for run in runs]), bench.paths(*runs))


def throughput(bench: Bench, place: Place, method: str, reference: str) -> Measured:
    """Examples per second in training over seeds."""
    runs = _trained(bench.runs(place, method))
    examples = [run.summary.examples_per_second for run in runs if run.summary.examples_per_second is not None]
    return Measured(over_seeds(examples), bench.paths(*runs))


def reduction_time(bench: Bench, place: Place, method: str, reference: str) -> Measured:
    """Time spent on making groups over the reference's, times, paired."""
    return _phase_ratio(bench, place, method, reference, "reduction")


def expert_time(bench: Bench, place: Place, method: str, reference: str) -> Measured:
    """Time inside experts over the reference's, paired, and that over the rate: 1 where both shrink alike."""
    measured = _phase_ratio(bench, place, method, reference, "experts")
    blocks = blocks_of(bench.speed(place, method), method)
    sent = float(blocks["rows_sent"].sum() / blocks["rows_routed"].sum())
    found = measured.estimate
    assert found.low is not None and found.high is not None
    scaled = Estimate(found.value / sent, found.low / sent, found.high / sent)
    return Measured(scaled, measured.evidence, f"{found.value:.1%} of the time for {sent:.1%} of the rows")


def _phase_ratio(bench: Bench, place: Place, method: str, reference: str, part: str) -> Measured:
    speed = bench.speed(place, method, reference)
    mine, theirs = (
        [seconds_by_phase(phases)[part] for phases in blocks_of(speed, name)["phases"]] for name in (method, reference)
    )
    if not all(theirs):
        raise Settled(Finding(INCONCLUSIVE, f"{reference} spends no time on {part}", evidence=bench.paths(speed)))
    return Measured(paired_ratio(mine, theirs), bench.paths(speed), f"on {speed.cluster}")


def _value(run: Run) -> float:
    last = run.summary.final[run.metric]
    return 100 * last if run.summary.metric.higher_is_better else last


def _trained(runs: Sequence[Run]) -> list[Run]:
    """Those that took steps: nothing was sent in training by the others."""
    trained = [run for run in runs if run.summary.steps]
    if not trained:
        raise Settled(Finding(INCONCLUSIVE, "no training step was taken"))
    return trained


QUANTITIES: dict[str, Callable[[Bench, Place, str, str], Measured]] = {
    measure.__name__: measure
    for measure in (
        speedup,
        time_to_target,
        rate,
        share,
        value,
        value_gap,
        top5,
        throughput,
        reduction_time,
        expert_time,
    )
}
