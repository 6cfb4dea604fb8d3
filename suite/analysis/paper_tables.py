"""Rows of the paper's Tables 2 and 3: its numbers beside those of corresponding runs."""

from collections.abc import Sequence

from suite.analysis.convergence import convergence_rows, own_link
from suite.analysis.rows import INVALID, Row, data_name
from suite.analysis.speedup import speedup_rows
from suite.analysis.statistics import over_seeds
from suite.config.paper.published import Published, Quality
from suite.records.evidence import Evidence, Run

METHODS = ("vanilla", "lsh")


def glue_rows(evidence: Evidence, numbers: Published) -> list[Row]:
    """One row per printed accuracy and run task that measures it or stands in for it; a row without one has none.

    Accuracies are in percent. The difference is paired by seed.
    """
    rows: list[Row] = []
    for quality in numbers.qualities:
        if quality.metric != "accuracy":
            continue
        printed: Row = {
            "model": quality.model,
            "paper_task": quality.task,
            "paper_vanilla": quality.before,
            "paper_lsh": quality.after,
            "paper_speedup": numbers.speedup(quality.model, quality.task),
        }
        measured = [
            _glue_row(evidence, quality, task, numbers.tasks[task].stand_in)
            for task in _tasks(evidence, quality, numbers)
        ]
        rows += [printed | row for row in measured] or [printed]
    return rows


def _tasks(evidence: Evidence, quality: Quality, numbers: Published) -> list[str]:
    """Tasks that were run with the model for a printed row, those that measure it first."""
    records = {(record.model, record.task) for record in (*evidence.runs, *evidence.invalid_runs)}
    fitting = [task for task, meant in numbers.tasks.items() if meant.row == quality.task]
    return [task for task in fitting if (quality.model, task) in records]


def _glue_row(evidence: Evidence, quality: Quality, task: str, stand_in: bool) -> Row:
    found: Row = {"task": task, "stand_in": "yes" if stand_in else "no"}
    values = {m: _values(evidence, quality.model, task, m, "accuracy") for m in METHODS}
    for method in METHODS:
        if _at_fault(evidence, quality.model, task, method):
            found[method] = INVALID
        elif values[method]:
            found |= _estimate(method, list(values[method].values()))
    pairs = [values["lsh"][seed] - values["vanilla"][seed] for seed in values["lsh"] if seed in values["vanilla"]]
    lsh = _runs(evidence, quality.model, task, "lsh")
    trains = any(run.summary.steps for run in lsh)
    return (
        found
        | {"seed_count": len(pairs), "rate": _rate(lsh), "data": _data(evidence, quality.model, task)}
        | (_estimate("difference", pairs) if pairs else {})
        | (_speedup(evidence, quality.model, task, "lsh") if trains else {})
    )


def imagenet_rows(evidence: Evidence, numbers: Published) -> list[Row]:
    """One row per task that measures Table 3 or stands in for it, and method; without one, the printed rows alone.

    Qualities and rates are in percent. Samples per second are those of the paired step times.
    """
    qualities = {quality.metric: quality for quality in numbers.qualities if quality.metric != "accuracy"}
    model = qualities["top1"].model
    rows: list[Row] = []
    for task in _tasks(evidence, qualities["top1"], numbers):
        for line in convergence_rows(evidence):
            if (line["model"], line["task"]) != (model, task):
                continue
            method = str(line["method"])
            row: Row = {"model": model, "task": task, "stand_in": "yes" if numbers.tasks[task].stand_in else "no"}
            row |= {"method": method, **_printed(numbers, qualities, method)}
            if line["value"] == INVALID:
                rows.append(row | {"top1": INVALID})
                continue
            for metric in qualities:
                row |= _estimate(metric, list(_values(evidence, model, task, method, metric).values()))
            row |= {"seed_count": line["seed_count"], "rate": _rate(_runs(evidence, model, task, method))}
            rows.append(row | _speedup(evidence, model, task, method) | {"data": line["data"]})
    return rows or [{"model": model, "method": method, **_printed(numbers, qualities, method)} for method in METHODS]


def _printed(numbers: Published, qualities: dict[str, Quality], method: str) -> Row:
    """Table 3's cells of a method; nothing for methods that it does not have."""
    if method not in METHODS:
        return {}
    lsh, model = method == "lsh", qualities["top1"].model
    throughput = numbers.throughputs[model]
    return {
        **{f"paper_{metric}": quality.after if lsh else quality.before for metric, quality in qualities.items()},
        "paper_rate": 100 * numbers.rates[model].value if lsh else 100.0,
        "paper_samples_per_second": throughput.after if lsh else throughput.before,
        "paper_speedup": numbers.speedup(model, qualities["top1"].task) if lsh else 1.0,
    }


def _runs(evidence: Evidence, model: str, task: str, method: str) -> list[Run]:
    return [run for run in evidence.runs if (run.model, run.task, run.method) == (model, task, method)]


def _values(evidence: Evidence, model: str, task: str, method: str, metric: str) -> dict[int, float]:
    """Final percentages by seed, of runs that have the metric."""
    runs = _runs(evidence, model, task, method)
    return {run.seed: 100 * run.summary.final[metric] for run in runs if metric in run.summary.final}


def _at_fault(evidence: Evidence, model: str, task: str, method: str) -> bool:
    return any((record.model, record.task, record.method) == (model, task, method) for record in evidence.invalid_runs)


def _data(evidence: Evidence, model: str, task: str) -> str | None:
    runs = [run for run in evidence.runs if (run.model, run.task) == (model, task)]
    return data_name(runs[0].summary.data) if runs else None


def _rate(runs: Sequence[Run]) -> float | None:
    rates = [100 * run.summary.rate for run in runs if run.summary.rate is not None]
    return over_seeds(rates).value if rates else None


def _estimate(name: str, values: Sequence[float]) -> Row:
    if not values:
        return {}
    found = over_seeds(values)
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _speedup(evidence: Evidence, model: str, task: str, method: str) -> Row:
    """The paired speed-up on the link that resembles the model's cluster, measured on this task or else on another."""
    timed = sorted(
        {speed.task for speed in evidence.speeds if speed.model == model}, key=lambda name: (name != task, name)
    )
    for name in timed:
        link = own_link(evidence, model, name)
        place = (model, name, link.cluster if link else "", method)
        for row in speedup_rows(evidence):
            if (row["model"], row["task"], row["cluster"], row["method"]) == place:
                found = {key: row[key] for key in ("speedup", "speedup_low", "speedup_high")}
                return found | {"measured_on": f"{name}, {row['cluster']}"} | _throughput(evidence, row)
    return {}


def _throughput(evidence: Evidence, row: Row) -> Row:
    """Examples per second at a row's step time; the number of examples in a step is that of the task's runs."""
    runs = _runs(evidence, str(row["model"]), str(row["task"]), "vanilla")
    if not runs or not runs[0].summary.mean_step_seconds:
        return {}
    examples = round(runs[0].summary.examples_per_second * runs[0].summary.mean_step_seconds)
    return {"samples_per_second": examples / float(str(row["step_seconds"]))}
