"""The paper's Table 3: image classification beside corresponding runs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from suite.analysis.columns import column, table_row
from suite.analysis.convergence import ConvergenceRow, convergence_rows
from suite.analysis.equal_bytes import EqualBytes
from suite.analysis.estimate import Estimate
from suite.analysis.paper_runs import METHODS, final_percent, mean, rate_percent, runs_of, tasks_of, timed
from suite.analysis.rows import INVALID, AtFault, Fault
from suite.config.paper.published import Published, Quality
from suite.records.evidence import Evidence


@table_row
class ImagenetRow:
    """A method: what Table 3 prints of it, and a task that was run for that, if there is one."""

    model: str = column("name of a file under `suite/conf/model`", words=True)
    task: str | None = column("the task that was run; empty where nothing corresponds", words=True, default=None)
    stand_in: str | None = column(
        "whether it stands in for ImageNet-1K with other data (`suite/conf/paper/published.yaml`, `tasks`)",
        words=True,
        default=None,
    )
    method: str = column("name of a file under `suite/conf/method`", words=True)
    paper_top1: float | None = column(
        "as printed; empty for methods that Table 3 does not have", "%", form=".1f", default=None
    )
    paper_top5: float | None = column("likewise", "%", form=".1f", default=None)
    paper_rate: float | None = column("likewise", "%", form=".1f", default=None)
    paper_samples_per_second: float | None = column("likewise", "1/s", form=".1f", default=None)
    paper_speedup: float | None = column("likewise", "ratio", form=".2f", default=None)
    seed_count: int | None = column("seeds that went into the row", "runs", default=None)
    top1: Estimate | Fault | None = column(
        "after the last step; mean over seeds, 95 % Student's t interval, none with one seed",
        "%",
        form=".1f",
        better="higher",
        default=None,
    )
    top5: Estimate | None = column("likewise", "%", form=".1f", better="higher", default=None)
    rate: float | None = column("rows sent over rows routed", "%", form=".1f", better="lower", default=None)
    equal_bytes: EqualBytes | None = column("as in `convergence.csv`", words=True, default=None)
    samples_per_second: float | None = column(
        "examples of a step over the mean paired step time on the link named in `measured_on`",
        "1/s",
        form=".1f",
        better="higher",
        default=None,
    )
    speedup: Estimate | None = column("as in `speedup.csv`", "ratio", form=".2f", better="higher", default=None)
    reference: str | None = column(
        "what `speedup` is relative to, as in `speedup.csv`; `(float32 wire)` where it is no 16-bit one",
        words=True,
        default=None,
    )
    measured_on: str | None = column(
        "task and link of `speedup`: the link that resembles the model's cluster", words=True, default=None
    )
    data: str | None = column("data sets used", default=None)


def imagenet_rows(evidence: Evidence, numbers: Published) -> list[ImagenetRow]:
    """One row per task that measures Table 3 or stands in for it, and method; without one, the printed rows alone."""
    qualities = {quality.metric: quality for quality in numbers.qualities if quality.metric != "accuracy"}
    model = qualities["top1"].model
    rows = []
    for task in tasks_of(evidence, qualities["top1"], numbers):
        for line in convergence_rows(evidence):
            if (line.model, line.task) == (model, task):
                rows.append(_row(evidence, line, numbers, _printed(numbers, qualities, str(line.method))))
    return rows or [_printed(numbers, qualities, method) for method in METHODS]


def _printed(numbers: Published, qualities: Mapping[Literal["top1", "top5"], Quality], method: str) -> ImagenetRow:
    """What Table 3 says of a method; nothing of methods that it does not have."""
    model, lsh = qualities["top1"].model, method == "lsh"
    if method not in METHODS:
        return ImagenetRow(model=model, method=method)
    throughput = numbers.throughputs[model]
    top1, top5 = (quality.after if lsh else quality.before for quality in (qualities["top1"], qualities["top5"]))
    return ImagenetRow(
        model=model,
        method=method,
        paper_top1=top1,
        paper_top5=top5,
        paper_rate=100 * numbers.rates[model].value if lsh else 100.0,
        paper_samples_per_second=throughput.after if lsh else throughput.before,
        paper_speedup=numbers.speedup(model, qualities["top1"].task) if lsh else 1.0,
    )


def _row(evidence: Evidence, line: ConvergenceRow | AtFault, numbers: Published, printed: ImagenetRow) -> ImagenetRow:
    """A printed row with what was measured for it."""
    placed = replace(printed, task=line.task, stand_in="yes" if numbers.tasks[line.task].stand_in else "no")
    if isinstance(line, AtFault):
        return replace(placed, top1=INVALID)
    runs = runs_of(evidence, line.model, line.task, line.method)
    time = timed(evidence, line.model, line.task, line.method)
    return replace(
        placed,
        seed_count=line.seed_count,
        top1=mean(list(final_percent(runs, "top1").values())),
        top5=mean(list(final_percent(runs, "top5").values())),
        rate=rate_percent(runs),
        equal_bytes=line.equal_bytes,
        samples_per_second=time.samples_per_second if time else None,
        speedup=time.speedup if time else None,
        reference=time.reference if time else None,
        measured_on=time.measured_on if time else None,
        data=line.data,
    )
