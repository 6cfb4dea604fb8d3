"""Rows of the convergence table, computed from records alone."""

from collections import defaultdict
from collections.abc import Sequence

from suite.analysis.order import in_order
from suite.analysis.quality import margin, quality_differences
from suite.analysis.rows import INVALID, Row, data_name, interval
from suite.analysis.speedup import blocks_of
from suite.analysis.statistics import Estimate, compare_paired, holm, over_seeds, paired_ratio, steps_to_target
from suite.records.evidence import Evidence, Run, Speed

# Equal within noise: the target is this much above vanilla's last held-out value (perplexities fall). Of a share, such
# as accuracy, it is what is missing to 1 that may be this much larger.
TARGET_SLACK = 1.05


def convergence_rows(evidence: Evidence) -> list[Row]:
    """One row per (model, task, method). A row with a record at fault says so in ``value`` and gives nothing else."""
    cells: dict[tuple[str, str], dict[str, list[Run]]] = defaultdict(dict)
    for run in evidence.runs:
        cells[run.model, run.task].setdefault(run.method, []).append(run)
    for record in evidence.invalid_runs:
        cells[record.model, record.task][str(record.method)] = []
    return [row for key in sorted(cells) for row in _cell_rows(evidence, *key, cells[key])]


def _cell_rows(evidence: Evidence, model: str, task: str, methods: dict[str, list[Run]]) -> list[Row]:
    """Rows of one model on one task; a method without runs has a record at fault."""
    vanilla = methods.get("vanilla", [])
    target = target_of(vanilla) if vanilla else None
    reference = _steps_to(vanilla, target)
    link = own_link(evidence, model, task)
    against_vanilla = _against_vanilla(methods)
    rows: list[Row] = []
    for method in in_order(methods):
        runs = methods[method]
        if not runs:
            rows.append({"model": model, "task": task, "method": method, "value": INVALID})
            continue
        needed = _steps_to(runs, target)
        metric = runs[0].metric
        value = over_seeds([_last(run, metric) for run in runs])
        rows.append(
            {
                "model": model,
                "task": task,
                "method": method,
                "seed_count": len(runs),
                "steps": runs[0].summary.steps,
                "metric": metric,
                **interval("value", value),
                "steps_to_target": needed,
                **_time_to_target(link, method, reference, needed),
                "exact_value": over_seeds([_last(run, f"exact_{metric}") for run in runs]).value,
                "rate": _mean(runs, "rate"),
                "relative_bytes": _mean(runs, "relative_bytes"),
                "target": target,
                "data": data_name(runs[0].summary.data),
                **against_vanilla.get(method, {}),
            }
        )
    return rows


def _against_vanilla(methods: dict[str, list[Run]]) -> dict[str, Row]:
    """Quality against vanilla's of equal seeds, by method; p values are corrected for the number of methods."""
    vanilla = methods.get("vanilla", [])
    found = {
        method: comparison
        for method, runs in methods.items()
        if method != "vanilla" and vanilla and runs
        if (comparison := compare_paired(quality_differences(runs, vanilla), margin(vanilla[0])))
    }
    different = holm([comparison.p_different for comparison in found.values()])
    equivalent = holm([comparison.p_equivalent for comparison in found.values()])
    return {
        method: {
            **interval("difference", comparison.difference),
            "difference_p": p_different,
            "equivalence_p": p_equivalent,
            "equivalence": comparison.verdict(p_equivalent),
        }
        for (method, comparison), p_different, p_equivalent in zip(found.items(), different, equivalent, strict=True)
    }


def own_link(evidence: Evidence, model: str, task: str) -> Speed | None:
    """The measurement on the link that resembles the model's own cluster: the first that was set for a share."""
    speeds = [speed for speed in evidence.speeds if (speed.model, speed.task) == (model, task)]
    return next((speed for speed in speeds if speed.share is not None), speeds[0] if speeds else None)


def _time_to_target(link: Speed | None, method: str, reference: float | None, needed: float | None) -> Row:
    """Vanilla's steps over the method's, times the paired speed-up; the interval is that of the speed-up."""
    if link is None or reference is None or needed is None or method not in set(link.blocks["method"]):
        return {}
    vanilla, blocks = (blocks_of(link, name)["seconds"].tolist() for name in ("vanilla", method))
    ratio = paired_ratio(vanilla, blocks)
    scaled = Estimate(*(reference / needed * end for end in (ratio.value, ratio.low, ratio.high)))
    return {**interval("time_to_target_ratio", scaled), "time_cluster": link.cluster}


def _last(run: Run, column: str) -> float:
    return float(run.evals[column].iloc[-1])


def _mean(runs: Sequence[Run], name: str) -> float | None:
    """Mean over seeds of a number in the summary; None if it says nothing, as of a run without steps."""
    values = [getattr(run.summary, name) for run in runs]
    return None if None in values else over_seeds(values).value


def target_of(vanilla: Sequence[Run]) -> float:
    """The value of the metric that counts as reaching vanilla's quality."""
    last = over_seeds([_last(run, vanilla[0].metric) for run in vanilla]).value
    return 1 - TARGET_SLACK * (1 - last) if _rises(vanilla[0]) else TARGET_SLACK * last


def _rises(run: Run) -> bool:
    return bool(run.summary.metric.higher_is_better)


def _steps_to(runs: Sequence[Run], target: float | None) -> float | None:
    """Mean over seeds of the steps to ``target``; None unless every seed reaches it by training."""
    if target is None or not runs or not runs[0].summary.steps:
        return None
    needed = [reached_at(run, target) for run in runs]
    reached = [steps for steps in needed if steps is not None]
    return over_seeds(reached).value if len(reached) == len(needed) else None


def reached_at(run: Run, target: float) -> float | None:
    """The step at which a run's held-out metric reaches ``target``; None if it never does."""
    sign = -1 if _rises(run) else 1  # a rising curve reaches its target where its negative falls to it
    return steps_to_target(list(run.evals["step"]), list(sign * run.evals[run.metric]), sign * target)
