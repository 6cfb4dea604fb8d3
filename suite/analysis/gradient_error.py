"""The table of errors against exact dispatch, from the records of probes."""

from collections.abc import Sequence

from suite.analysis.columns import column, table_row
from suite.analysis.equal_bytes import MEANING, EqualBytes, Sent, equal_bytes
from suite.analysis.estimate import Estimate
from suite.analysis.order import in_order
from suite.analysis.rows import AtFault, MethodRow
from suite.records.evidence import Invalid
from suite.records.probes import Probe
from suite.records.vocabulary import COMPARED


@table_row
class GradientErrorRow(MethodRow):
    """One quantity of a probed method."""

    quantity: str = column(
        "`layer`: output of the first MoE layer, whose input no method has touched; `output`: logits, centred over "
        "classes; `dense_gradient`, `expert_gradient`: of the task's loss by all replicated and by all experts' "
        "parameters",
        words=True,
    )
    relative_error: Estimate = column(
        "‖a − e‖ / ‖e‖ of the method's a and the exact e: mean, least and largest over batches and hash seeds",
        "fraction",
        form=".2%",
        better="lower",
        tells_fault=True,
    )
    cosine: float = column("of a and e, mean", form=".4f", better="higher")
    seed_sd: float | None = column(
        "standard deviation over hash seeds of the mean error over batches; empty for methods that draw nothing",
        "fraction",
        form=".2%",
        better="lower",
    )
    hash_seeds: int = column("how many hash seeds there were")
    batches: int = column("how many batches there were")
    rate: float = column("of these passes, forward and backward", "fraction", form=".1%", better="lower")
    relative_bytes: float = column("of these passes, likewise", "fraction", form=".1%", better="lower")
    equal_bytes: EqualBytes = column(MEANING, words=True)
    loss_excess: float = column("mean loss less that of exact dispatch", "nats", form="+.4f", better="lower")
    weights: str = column("which weights were probed")


def error_rows(probes: Sequence[Probe]) -> list[GradientErrorRow]:
    """One row per model, task, method and quantity."""
    return [
        _row(probe, method, quantity, equal[method])
        for probe in probes
        for equal in [equal_bytes(_sent(probe))]
        for method in in_order(probe.comparisons["method"])
        for quantity in COMPARED
    ]


def with_faults(rows: Sequence[GradientErrorRow], faults: Sequence[Invalid]) -> list[GradientErrorRow | AtFault]:
    """The rows, and one for each probe at fault."""
    return [*rows, *(AtFault(fault.model, fault.task) for fault in faults)]


def _sent(probe: Probe) -> dict[str, Sent]:
    means = probe.comparisons.groupby("method")[["rate", "relative_bytes"]].mean()
    return {
        str(name): Sent(probe.record.methods[str(name)], float(mean["rate"]), float(mean["relative_bytes"]))
        for name, mean in means.iterrows()
    }


def _row(probe: Probe, method: str, quantity: str, equal: EqualBytes) -> GradientErrorRow:
    part = probe.comparisons[probe.comparisons["method"] == method]
    errors = part[f"{quantity}.relative_error"]
    by_seed = errors.groupby(part["hash_seed"]).mean()
    return GradientErrorRow(
        model=probe.model,
        task=probe.task,
        method=method,
        quantity=quantity,
        relative_error=Estimate(float(errors.mean()), float(errors.min()), float(errors.max())),
        cosine=float(part[f"{quantity}.cosine"].mean()),
        seed_sd=float(by_seed.std()) if len(by_seed) > 1 else None,
        hash_seeds=len(by_seed),
        batches=int(part["batch"].nunique()),
        rate=float(part["rate"].mean()),
        relative_bytes=float(part["relative_bytes"].mean()),
        equal_bytes=equal,
        loss_excess=float((part["loss"] - part["exact_loss"]).mean()),
        weights=str(probe.record.weights),
    )
