"""The speed-up table: paired step times, split by phase, beside their bound."""

from collections.abc import Mapping
from statistics import mean, median

import pandas as pd

from suite.analysis.columns import column, table_row
from suite.analysis.estimate import Estimate
from suite.analysis.order import in_order
from suite.analysis.rows import AtFault, MethodRow, data_name
from suite.analysis.statistics import ratio_over_sessions
from suite.costmodel import speedup_bound
from suite.costmodel.paper import kappa
from suite.records.evidence import Evidence, Speed
from suite.records.vocabulary import all_to_all_seconds


@table_row
class SpeedupRow(MethodRow):
    """A method on a link, relative to vanilla in the same process group."""

    cluster: str = column(
        "where ranks ran. `loopback`: processes of one machine, nothing slow between them. `lab_open`: servers are "
        "network namespaces, joined by an open link (see lab.md); `lab_30`: the link is slowed down until all-to-all "
        "takes that many percent of vanilla's step; `paced_30`: all-to-alls sleep instead",
        words=True,
    )
    kappa: float = column("vanilla's seconds in all-to-alls over the rest of its step", "ratio", form=".3f")
    share: float = column(
        "vanilla's seconds in all-to-alls over its step, waiting for other ranks included", "fraction", form=".0%"
    )
    rate: float = column("rows sent over rows routed in the measured steps", "fraction", form=".1%", better="lower")
    bytes_per_step: float = column(
        "whole buffers of the MoE layers' collectives (rows, scales, counts, the gate's expert loads), own-rank parts "
        "included, over all ranks and layers",
        "bytes",
        header="MB_per_step",
        form=".2f",
        factor=1e-6,
        better="lower",
    )
    speedup: Estimate = column(
        "vanilla's block time over the method's in the same round, at the share that the link was set for "
        "(statistics.md); geometric mean, 95 % Student's t interval over sessions, or over the rounds of a single one",
        "ratio",
        form=".3f",
        better="higher",
        tells_fault=True,
    )
    bound: float = column(
        "1 / (1 − f(1−ρ) + h): f the share, ρ the method's bytes over vanilla's, h its reduction time over vanilla's "
        "step",
        "ratio",
        form=".3f",
        better="higher",
    )
    bound_reached: float = column(
        "`speedup` over `bound`; above 1 where experts that see fewer rows save time too",
        "ratio",
        header="of_bound",
        form=".0%",
        better="higher",
    )
    relative_bytes: float = column(
        "bytes that the MoE layers sent over those of the same routed rows on a 16-bit wire",
        "fraction",
        form=".1%",
        better="lower",
    )
    remote_bytes_per_step: float = column("the part of `bytes_per_step` that leaves its rank", "bytes", better="lower")
    inter_server_bytes_per_step: float = column(
        "the part of these that leaves its server, summed over servers", "bytes", better="lower"
    )
    kernel_bytes_ratio: float | None = column(
        "what the kernel counted on the servers' links, headers taken off, over `inter_server_bytes_per_step`; empty "
        "where it does not count",
        "ratio",
    )
    target_share: float | None = column(
        "share of all-to-all that the link was slowed down for (more than 10 % off in kappa is an error); empty for a "
        "network as it is",
        "fraction",
    )
    servers: int = column("number of servers")
    all_to_alls: int = column("all-to-alls in a step: four of rows and one of counts per MoE layer")
    link_alpha_seconds: float | None = column(
        "latency of the link, measured with the exchanges' own collective: mean of the fits before and after", "s"
    )
    link_beta_seconds_per_byte: float | None = column(
        "its inverse bandwidth, likewise: one all-to-all takes alpha + beta × the bytes that leave a server", "s/byte"
    )
    step_seconds: float = column(
        "step of the slowest rank, median over blocks", "s", header="step_ms", form=".1f", factor=1e3, better="lower"
    )
    all_to_all_seconds: float = column(
        "part of the step in all-to-alls, mean over ranks, median over blocks",
        "s",
        header="all_to_all_ms",
        form=".1f",
        factor=1e3,
        better="lower",
    )
    experts_seconds: float = column(
        "part in experts, likewise", "s", header="experts_ms", form=".1f", factor=1e3, better="lower"
    )
    reduction_seconds: float = column(
        "part in choosing the rows to send, likewise",
        "s",
        header="reduction_ms",
        form=".1f",
        factor=1e3,
        better="lower",
    )
    rest_seconds: float = column(
        "everything else: dense layers, loss, gradient averaging, the gate's all-reduce, optimizer, the reduction's "
        "backward pass",
        "s",
        header="rest_ms",
        form=".1f",
        factor=1e3,
        better="lower",
    )
    weights: str = column("which weights were measured; the rate depends on how long a model was trained")
    data: str = column("data sets used")
    sessions: int = column(
        "process groups and link set-ups that the rounds are from; with one, the interval lacks what another would draw"
    )


def speedup_rows(evidence: Evidence) -> list[SpeedupRow | AtFault]:
    """One row per model, task, cluster and method; one in all for a measurement at fault."""
    rows = [_speedup_row(speed, method) for speed in evidence.speeds for method in in_order(speed.blocks["method"])]
    at_fault = [AtFault(record.model, record.task, cluster=record.path.parts[-3]) for record in evidence.invalid_speeds]
    # The sort is stable: methods stay in order.
    return sorted([*rows, *at_fault], key=lambda row: (row.model, row.task, row.cluster or ""))


def _speedup_row(speed: Speed, method: str) -> SpeedupRow:
    steps = speed.record.steps_per_block
    blocks, vanilla = (blocks_of(speed, name) for name in (method, "vanilla"))
    parts, reference = _seconds_per_step(blocks, steps), _seconds_per_step(vanilla, steps)
    share = reference["all_to_all"] / reference["step"]
    nominal = share if speed.share is None else speed.share
    bytes_ratio = float(blocks["bytes"].sum() / vanilla["bytes"].sum())
    speedup = speedup_of(speed, method)
    bound = speedup_bound(nominal, bytes_ratio, parts["reduction"] / reference["step"])
    return SpeedupRow(
        model=speed.model,
        task=speed.task,
        method=method,
        cluster=speed.cluster,
        sessions=int(blocks["session"].nunique()),
        kappa=kappa(share),
        share=share,
        rate=float(blocks["rows_sent"].sum() / blocks["rows_routed"].sum()),
        bytes_per_step=float(blocks["bytes"].mean() / steps),
        speedup=speedup,
        bound=bound,
        bound_reached=speedup.value / bound,
        relative_bytes=float(blocks["bytes"].sum() / blocks["half_precision_bytes"].sum()),
        remote_bytes_per_step=float(blocks["remote_bytes"].mean() / steps),
        inter_server_bytes_per_step=float(blocks["inter_server_bytes"].mean() / steps),
        kernel_bytes_ratio=_kernel_ratio(blocks),
        target_share=speed.share,
        servers=speed.record.servers,
        all_to_alls=speed.record.all_to_alls,
        link_alpha_seconds=_fitted(speed, "alpha"),
        link_beta_seconds_per_byte=_fitted(speed, "beta"),
        step_seconds=parts["step"],
        all_to_all_seconds=parts["all_to_all"],
        experts_seconds=parts["experts"],
        reduction_seconds=parts["reduction"],
        rest_seconds=parts["rest"],
        weights=str(speed.record.weights),
        data=data_name(speed.record.data),
    )


def _kernel_ratio(blocks: pd.DataFrame) -> float | None:
    """Bytes that the kernel counted between servers over what the bench's meter says; None where it did not count."""
    counted = blocks["kernel_bytes"]
    return None if counted.isna().any() else float(counted.sum() / blocks["inter_server_bytes"].sum())


def _fitted(speed: Speed, name: str) -> float | None:
    """Mean of the link's fits before and after the blocks."""
    return mean(fit.mean(name) for fit in speed.fits) if speed.fits else None


def blocks_of(speed: Speed, method: str) -> pd.DataFrame:
    """The blocks of one method, in order of sessions and rounds."""
    return speed.blocks[speed.blocks["method"] == method].sort_values(["session", "round"])


def speedup_of(speed: Speed, method: str, reference: str = "vanilla") -> Estimate:
    """The reference's block time over a method's in the same round, at the share that the link was set for."""
    blocks, others = (blocks_of(speed, name) for name in (method, reference))
    stretch = blocks["session"].map(_stretches(speed)).to_numpy()
    theirs, mine = (
        part["seconds"].to_numpy() + (stretch - 1) * part["phases"].map(all_to_all_seconds).to_numpy()
        for part in (others, blocks)
    )
    return ratio_over_sessions(theirs.tolist(), mine.tolist(), blocks["session"].tolist())


def _stretches(speed: Speed) -> dict[int, float]:
    """By session: what all-to-alls must be multiplied by for vanilla's share to be the one that was asked for.

    A link that is a little too fast or too slow stretches the all-to-alls of all methods alike.
    """
    factors = {}
    for session, blocks in blocks_of(speed, "vanilla").groupby("session"):
        all_to_all = median(blocks["phases"].map(all_to_all_seconds))
        reached = all_to_all / (median(blocks["seconds"]) - all_to_all)
        factors[int(str(session))] = 1.0 if speed.share is None else kappa(speed.share) / reached
    return factors


def _seconds_per_step(blocks: pd.DataFrame, steps: int) -> dict[str, float]:
    """Seconds per step, split; medians over blocks. All-reduces and the backward pass of hashing are in the rest."""
    split = pd.DataFrame(seconds_by_phase(phases) for phases in blocks["phases"])
    medians = {str(name): float(values.median()) / steps for name, values in split.items()}
    total = float(blocks["seconds"].median()) / steps
    return {"step": total, **medians, "rest": total - sum(medians.values())}


def seconds_by_phase(phases: Mapping[str, float]) -> dict[str, float]:
    """Seconds of a step's phases put together: ``all_to_all``, ``experts`` and ``reduction``."""
    return {
        "all_to_all": all_to_all_seconds(phases),
        "experts": phases.get("experts", 0.0) + phases.get("experts_backward", 0.0),
        "reduction": phases.get("reduction", 0.0),
    }
