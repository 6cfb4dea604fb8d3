"""The paper's Table 2: its accuracies beside those of corresponding runs."""

from dataclasses import replace

from suite.analysis.columns import column, table_row
from suite.analysis.estimate import Estimate
from suite.analysis.paper_runs import METHODS, final_percent, mean, rate_percent, runs_of, tasks_of, timed
from suite.analysis.rows import INVALID, Fault, data_name
from suite.config.paper.published import Published
from suite.records.evidence import Evidence


@table_row
class GlueRow:
    """A printed accuracy and a task that was run for it, if there is one. Differences are paired by seed."""

    model: str = column("name of a file under `suite/conf/model`, or the paper's model", words=True)
    paper_task: str = column("the printed task", header="row", words=True)
    paper_vanilla: float = column("as printed", "%")
    paper_lsh: float = column("as printed", "%")
    paper_speedup: float | None = column("as printed", "ratio", form=".1f", better="higher")
    task: str | None = column("the task that was run; empty where nothing corresponds", words=True, default=None)
    stand_in: str | None = column(
        "whether it stands in for the printed one with other data (`suite/conf/paper/published.yaml`, `tasks`)",
        words=True,
        default=None,
    )
    seed_count: int | None = column("seeds that both methods have", "runs", default=None)
    vanilla: Estimate | Fault | None = column(
        "accuracy after the last step; mean over seeds, 95 % Student's t interval, none with one seed",
        "%",
        form=".1f",
        better="higher",
        default=None,
    )
    lsh: Estimate | Fault | None = column("likewise, of LSH", "%", form=".1f", better="higher", default=None)
    lsh_exact: Estimate | None = column(
        "of the weights that LSH trained, evaluated with exact dispatch", "%", form=".1f", better="higher", default=None
    )
    difference: Estimate | None = column(
        "LSH less vanilla, paired by seed", "% points", form="+.1f", better="higher", default=None
    )
    rate: float | None = column("rows sent over rows routed, of LSH", "%", form=".1f", better="lower", default=None)
    speedup: Estimate | None = column("of LSH, as in `speedup.csv`", "ratio", form=".2f", better="higher", default=None)
    measured_on: str | None = column(
        "task and link of `speedup`: the link that resembles the model's cluster; another task where this one was not "
        "timed",
        words=True,
        default=None,
    )
    data: str | None = column("data sets used", default=None)


def glue_rows(evidence: Evidence, numbers: Published) -> list[GlueRow]:
    """One row per printed accuracy and run task that measures it or stands in for it, at least one of each accuracy."""
    rows = []
    for quality in numbers.qualities:
        if quality.metric == "accuracy":
            printed = GlueRow(
                model=quality.model,
                paper_task=quality.task,
                paper_vanilla=quality.before,
                paper_lsh=quality.after,
                paper_speedup=numbers.speedup(quality.model, quality.task),
            )
            tasks = tasks_of(evidence, quality, numbers)
            rows += [_row(evidence, task, numbers, printed) for task in tasks] or [printed]
    return rows


def _row(evidence: Evidence, task: str, numbers: Published, printed: GlueRow) -> GlueRow:
    """A printed row with what was measured for it on a task."""
    model = printed.model
    vanilla, lsh = (runs_of(evidence, model, task, method) for method in METHODS)
    before, after = (final_percent(runs, "accuracy") for runs in (vanilla, lsh))
    pairs = [after[seed] - before[seed] for seed in after if seed in before]
    time = timed(evidence, model, task, "lsh") if any(run.summary.steps for run in lsh) else None
    runs = [run for run in evidence.runs if (run.model, run.task) == (model, task)]
    return replace(
        printed,
        task=task,
        stand_in="yes" if numbers.tasks[task].stand_in else "no",
        seed_count=len(pairs),
        vanilla=_accuracy(evidence, model, task, "vanilla", before),
        lsh=_accuracy(evidence, model, task, "lsh", after),
        lsh_exact=mean(list(final_percent(lsh, "exact_accuracy").values())),
        difference=mean(pairs),
        rate=rate_percent(lsh),
        speedup=time.speedup if time else None,
        measured_on=time.measured_on if time else None,
        data=data_name(runs[0].summary.data) if runs else None,
    )


def _accuracy(
    evidence: Evidence, model: str, task: str, method: str, by_seed: dict[int, float]
) -> Estimate | Fault | None:
    if any((record.model, record.task, record.method) == (model, task, method) for record in evidence.invalid_runs):
        return INVALID
    return mean(list(by_seed.values()))
