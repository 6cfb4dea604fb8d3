"""The savings table: a speed-up split into its parts."""

from collections.abc import Sequence

from suite.analysis.columns import column, table_row
from suite.analysis.equal_bytes import EqualBytes
from suite.analysis.estimate import Estimate
from suite.analysis.rows import AtFault, MethodRow, sound
from suite.analysis.speedup import SpeedupRow


@table_row
class SavingsRow(MethodRow):
    """What a method saves of the reference's step on a link."""

    cluster: str = column("as in `speedup.csv`", words=True)
    reference: str = column("as in `speedup.csv`", words=True)
    share: float = column("as in `speedup.csv`", "fraction", form=".0%")
    rate: float = column("as in `speedup.csv`", "fraction", form=".1%", better="lower")
    equal_bytes: EqualBytes = column("as in `speedup.csv`", words=True)
    speedup: Estimate = column("as in `speedup.csv`", "ratio", form=".2f", better="higher")
    reference_seconds: float = column("step of the reference", "s")
    step_seconds: float = column("step of the method", "s", better="lower")
    all_to_all_saved: float = column(
        "the reference's part in all-to-alls less the method's; negative where the method takes longer. The four "
        "parts add up to the difference of the steps",
        "s",
        header="all_to_all_ms",
        form="+.1f",
        factor=1e3,
        better="higher",
    )
    experts_saved: float = column(
        "likewise, in experts", "s", header="experts_ms", form="+.1f", factor=1e3, better="higher"
    )
    reduction_saved: float = column(
        "likewise, in choosing the rows to send", "s", header="reduction_ms", form="+.1f", factor=1e3, better="higher"
    )
    rest_saved: float = column("likewise, the rest", "s", header="rest_ms", form="+.1f", factor=1e3, better="higher")
    speedup_by_bytes: float = column(
        "the reference's step over the same step with the method's all-to-alls alone",
        "ratio",
        header="by_bytes",
        form=".2f",
        better="higher",
    )
    speedup_by_experts: float = column(
        "the reference's step over the same step with the method's experts alone",
        "ratio",
        header="by_experts",
        form=".2f",
        better="higher",
    )
    speedup_without_experts: float = column(
        "the reference's step over the method's, had its experts taken as long as the reference's",
        "ratio",
        header="without_experts",
        form=".2f",
        better="higher",
    )


def savings_rows(speedups: Sequence[SpeedupRow | AtFault]) -> list[SavingsRow]:
    """One row per measured method but the reference: seconds saved by part, and what single parts would give."""
    valid = sound(speedups)
    references = {(row.model, row.task, row.cluster): row for row in valid if row.method == row.reference}
    return [_split(row, references[row.model, row.task, row.cluster]) for row in valid if row.method != row.reference]


def _split(row: SpeedupRow, reference: SpeedupRow) -> SavingsRow:
    all_to_all_saved = reference.all_to_all_seconds - row.all_to_all_seconds
    experts_saved = reference.experts_seconds - row.experts_seconds
    step = reference.step_seconds
    return SavingsRow(
        model=row.model,
        task=row.task,
        method=row.method,
        cluster=row.cluster,
        reference=row.reference,
        share=row.share,
        rate=row.rate,
        equal_bytes=row.equal_bytes,
        speedup=row.speedup,
        reference_seconds=step,
        step_seconds=row.step_seconds,
        all_to_all_saved=all_to_all_saved,
        experts_saved=experts_saved,
        reduction_saved=reference.reduction_seconds - row.reduction_seconds,
        rest_saved=reference.rest_seconds - row.rest_seconds,
        speedup_by_bytes=step / (step - all_to_all_saved),
        speedup_by_experts=step / (step - experts_saved),
        speedup_without_experts=step / (row.step_seconds + experts_saved),
    )
