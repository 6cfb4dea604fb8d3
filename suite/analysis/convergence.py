"""The convergence table: quality, rate, bytes and the time to the reference's quality, from the records of runs."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from suite.analysis.columns import column, table_row
from suite.analysis.equal_bytes import MEANING, EqualBytes, Sent, equal_bytes
from suite.analysis.estimate import Estimate
from suite.analysis.order import in_order
from suite.analysis.quality import margin, quality_differences
from suite.analysis.reference import trained_reference
from suite.analysis.rows import AtFault, MethodRow, data_name
from suite.analysis.statistics import compare_paired, holm, over_seeds, steps_to_target
from suite.analysis.time_to_target import time_ratio
from suite.records.evidence import Evidence, Run, Speed

# Equal within noise: the target is this much above the reference's last held-out value (perplexities fall). Of a
# share, such as accuracy, it is what is missing to 1 that may be this much larger.
TARGET_SLACK = 1.05


@table_row
class ConvergenceRow(MethodRow):
    """All seeds of a method."""

    seed_count: int = column("seeds that went into the row", "runs", header="seeds")
    steps: int = column("length of each run", "steps")
    metric: str = column("what `value` is; `perplexity` on held-out documents: lower is better, all others: higher")
    value: Estimate = column(
        "after the last step, with the method on; mean over seeds, 95 % Student's t interval, none with one seed",
        "as metric",
        form=".4g",
        tells_fault=True,
    )
    steps_to_target: float | None = column(
        "first step at which the held-out curve reaches `target`, linear between evaluations; mean over the seeds that "
        "reach it",
        "steps",
        form=".0f",
        better="lower",
    )
    time_to_target_ratio: Estimate | None = column(
        "the reference's time to the target over the method's, over the seeds in which both reach it, each step "
        "charged at the run's own rate (statistics.md); the 95 % interval carries the noise of seeds and of step "
        "times; above 1: sooner than the reference",
        "ratio",
        form=".2f",
        better="higher",
    )
    time_cluster: str | None = column(
        "the link that speed-up was measured on: the one that resembles the model's own cluster in the paper"
    )
    exact_value: float = column(
        "the same weights evaluated with exact dispatch (no reduction, plain wire)", "as metric", form=".4g"
    )
    rate: float | None = column(
        "rows sent over rows routed, over the whole training", "fraction", form=".1%", better="lower"
    )
    relative_bytes: float | None = column(
        "bytes that the MoE layers send over those of the same routed rows, uncompressed, on a 16-bit wire; a plain "
        "32-bit wire is at 2",
        "fraction",
        form=".1%",
        better="lower",
    )
    reference: str = column(
        "the method that target, time-to-target ratio and difference are relative to: `bf16` where rows are float32 "
        "and it was trained, else `vanilla`",
        words=True,
    )
    equal_bytes: EqualBytes | None = column(f"{MEANING}; empty for a run without steps", words=True)
    target: float | None = column("1.05 × the last point of the reference's curve: equal within noise", "as metric")
    data: str = column("data sets used")
    difference: Estimate | None = column(
        "quality less the reference's of the same seed (of a perplexity minus its logarithm); 95 % Student's t "
        "interval; empty with one seed",
        "as quality",
        form="+.4f",
        better="higher",
    )
    difference_p: float | None = column("p of no difference, corrected for the number of methods by Holm's method")
    equivalence_p: float | None = column(
        "p of two one-sided t tests of a difference within the margin (claims.md), corrected likewise"
    )
    equivalence: str | None = column(
        "to the reference: `equivalent`; `different`, beyond the margin; or `undecided`; both p values corrected"
    )
    reached: int | None = column(
        "seeds that reach `target`; where not all do, `steps_to_target` and `time_to_target_ratio` flatter the method",
        "runs",
    )


def convergence_rows(evidence: Evidence) -> list[ConvergenceRow | AtFault]:
    """One row per model, task and method."""
    groups: dict[tuple[str, str], dict[str, list[Run]]] = defaultdict(dict)
    for run in evidence.runs:
        groups[run.model, run.task].setdefault(run.method, []).append(run)
    for record in evidence.invalid_runs:
        groups[record.model, record.task][str(record.method)] = []
    return [row for key in sorted(groups) for row in _group_rows(evidence, *key, groups[key])]


def _group_rows(
    evidence: Evidence, model: str, task: str, methods: dict[str, list[Run]]
) -> list[ConvergenceRow | AtFault]:
    """Rows of one model on one task; a method without runs has a record at fault."""
    reference = trained_reference([run for runs in methods.values() for run in runs])
    theirs = methods.get(reference, [])
    target = target_of(theirs) if theirs else None
    reached = {name: {run.seed: _steps_to(run, target) for run in runs} for name, runs in methods.items()}
    link = own_link(evidence, model, task)
    compared = _against(reference, methods)
    equal = equal_bytes(_sent(methods))
    rows: list[ConvergenceRow | AtFault] = []
    for method in in_order(methods):
        runs = methods[method]
        if not runs:
            rows.append(AtFault(model, task, method))
            continue
        needed = [steps for steps in reached[method].values() if steps is not None]
        metric = runs[0].metric
        ratio = None
        if link is not None:
            ratio = time_ratio(link, method, runs, reached[method], reached.get(reference, {}), reference)
        against = compared.get(method)
        rows.append(
            ConvergenceRow(
                model=model,
                task=task,
                method=method,
                reference=reference,
                seed_count=len(runs),
                steps=runs[0].summary.steps,
                metric=metric,
                value=over_seeds([run.summary.final[metric] for run in runs]),
                steps_to_target=over_seeds(needed).value if needed else None,
                reached=len(needed) if target is not None and runs[0].summary.steps else None,
                time_to_target_ratio=ratio,
                time_cluster=link.cluster if link and ratio else None,
                exact_value=over_seeds([run.summary.final[f"exact_{metric}"] for run in runs]).value,
                rate=_mean(runs, "rate"),
                relative_bytes=_mean(runs, "relative_bytes"),
                equal_bytes=equal.get(method),
                target=target,
                data=data_name(runs[0].summary.data),
                difference=against.difference if against else None,
                difference_p=against.p_different if against else None,
                equivalence_p=against.p_equivalent if against else None,
                equivalence=against.verdict if against else None,
            )
        )
    return rows


@dataclass(frozen=True)
class _Against:
    """A method's quality less the reference's; p values are corrected for the number of methods."""

    difference: Estimate
    p_different: float
    p_equivalent: float
    verdict: str


def _sent(methods: dict[str, list[Run]]) -> dict[str, Sent]:
    """What each method sent, means over seeds; methods without a training step sent nothing."""
    found = {}
    for method, runs in methods.items():
        rate, sent = _mean(runs, "rate"), _mean(runs, "relative_bytes")
        if runs and rate is not None and sent is not None:
            found[method] = Sent(runs[0].config.method, rate, sent)
    return found


def _against(reference: str, methods: dict[str, list[Run]]) -> dict[str, _Against]:
    """Quality against the reference's of equal seeds, by method."""
    theirs = methods.get(reference, [])
    found = {
        method: comparison
        for method, runs in methods.items()
        if method != reference and theirs and runs
        if (comparison := compare_paired(quality_differences(runs, theirs), margin(theirs[0])))
    }
    corrected = zip(
        *(
            holm([getattr(comparison, name) for comparison in found.values()])
            for name in ("p_different", "p_beyond", "p_equivalent")
        ),
        strict=True,
    )
    return {
        method: _Against(comparison.difference, different, equivalent, comparison.verdict(equivalent, beyond))
        for (method, comparison), (different, beyond, equivalent) in zip(found.items(), corrected, strict=True)
    }


def own_link(evidence: Evidence, model: str, task: str) -> Speed | None:
    """The measurement on the link that resembles the model's own cluster: the first that was set for a share."""
    speeds = [speed for speed in evidence.speeds if (speed.model, speed.task) == (model, task)]
    return next((speed for speed in speeds if speed.share is not None), speeds[0] if speeds else None)


def _mean(runs: Sequence[Run], name: str) -> float | None:
    """Mean over seeds of a number in the summary; None if it says nothing, as of a run without steps."""
    values = [getattr(run.summary, name) for run in runs]
    return None if not values or None in values else over_seeds(values).value


def target_of(reference: Sequence[Run]) -> float:
    """The value of the metric at which a curve has reached the reference's quality: both are of the same examples."""
    last = over_seeds([float(run.evals[run.metric].iloc[-1]) for run in reference]).value
    return 1 - TARGET_SLACK * (1 - last) if _rises(reference[0]) else TARGET_SLACK * last


def _rises(run: Run) -> bool:
    return bool(run.summary.metric.higher_is_better)


def _steps_to(run: Run, target: float | None) -> float | None:
    """The step at which a run reaches ``target`` by training; None if it never does."""
    return reached_at(run, target) if target is not None and run.summary.steps else None


def reached_at(run: Run, target: float) -> float | None:
    """The step at which a run's held-out metric reaches ``target``; None if it never does."""
    sign = -1 if _rises(run) else 1  # a rising curve reaches its target where its negative falls to it
    return steps_to_target(list(run.evals["step"]), list(sign * run.evals[run.metric]), sign * target)
