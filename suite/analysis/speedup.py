"""Rows of the speed-up table: paired step times, split by phase, beside their bound."""

from collections.abc import Mapping

import pandas as pd

from suite.analysis.order import in_order
from suite.analysis.rows import INVALID, Row, data_name, interval
from suite.analysis.statistics import paired_ratio
from suite.costmodel import speedup_bound
from suite.costmodel.paper import kappa
from suite.records.evidence import Evidence, Speed
from suite.records.vocabulary import all_to_all_seconds


def speedup_rows(evidence: Evidence) -> list[Row]:
    """One row per (model, task, cluster, method), each relative to vanilla in the same process group."""
    rows: list[Row] = []
    for speed in evidence.speeds:
        for method in in_order(speed.blocks["method"]):
            rows.append(_speedup_row(speed, method))
    for record in evidence.invalid_speeds:
        what = {"model": record.model, "task": record.task, "method": None, "cluster": record.path.parts[-3]}
        rows.append({**what, "speedup": INVALID})
    return sorted(rows, key=lambda row: (row["model"], row["task"], row["cluster"]))  # stable: methods stay in order


def _speedup_row(speed: Speed, method: str) -> Row:
    steps = speed.record.steps_per_block
    blocks, vanilla = (blocks_of(speed, name) for name in (method, "vanilla"))
    parts, reference = _seconds_per_step(blocks, steps), _seconds_per_step(vanilla, steps)
    share = reference["all_to_all"] / reference["step"]
    bytes_ratio = blocks["bytes"].sum() / vanilla["bytes"].sum()
    speedup = paired_ratio(vanilla["seconds"], blocks["seconds"])
    bound = speedup_bound(share, bytes_ratio, parts["reduction"] / reference["step"])
    return {
        "model": speed.model,
        "task": speed.task,
        "method": method,
        "cluster": speed.cluster,
        "kappa": kappa(share),
        "share": share,
        "rate": blocks["rows_sent"].sum() / blocks["rows_routed"].sum(),
        "bytes_per_step": blocks["bytes"].mean() / steps,
        **interval("speedup", speedup),
        "predicted_speedup": bound,
        "bound_reached": speedup.value / bound,
        "relative_bytes": blocks["bytes"].sum() / blocks["half_precision_bytes"].sum(),
        "remote_bytes_per_step": blocks["remote_bytes"].mean() / steps,
        "inter_server_bytes_per_step": blocks["inter_server_bytes"].mean() / steps,
        "kernel_bytes_ratio": _kernel_ratio(blocks),
        "target_share": speed.share,
        "servers": speed.record.servers,
        "all_to_alls": speed.record.all_to_alls,
        "link_alpha_seconds": _fitted(speed, "alpha"),
        "link_beta_seconds_per_byte": _fitted(speed, "beta"),
        **{f"{name}_seconds": seconds for name, seconds in parts.items()},
        "weights": str(speed.record.weights),
        "data": data_name(speed.record.data),
    }


def _kernel_ratio(blocks: pd.DataFrame) -> float | None:
    """Bytes that the kernel counted between servers over what the bench's meter says; None where it did not count."""
    counted = blocks["kernel_bytes"]
    return None if counted.isna().any() else float(counted.sum() / blocks["inter_server_bytes"].sum())


def _fitted(speed: Speed, name: str) -> float | None:
    """Mean of the link's fits before and after the blocks."""
    return None if speed.fit is None else speed.fit.mean(name)


def blocks_of(speed: Speed, method: str) -> pd.DataFrame:
    return speed.blocks[speed.blocks["method"] == method].sort_values("round")


def _seconds_per_step(blocks: pd.DataFrame, steps: int) -> dict[str, float]:
    """Seconds per step, split; medians over blocks. All-reduces and the backward pass of hashing are in the rest."""
    split = pd.DataFrame(seconds_by_phase(phases) for phases in blocks["phases"])
    medians = {name: float(values.median()) / steps for name, values in split.items()}
    total = float(blocks["seconds"].median()) / steps
    return {"step": total, **medians, "rest": total - sum(medians.values())}


def seconds_by_phase(phases: Mapping[str, float]) -> dict[str, float]:
    """Seconds of a step's phases put together: ``all_to_all``, ``experts`` and ``reduction``."""
    return {
        "all_to_all": all_to_all_seconds(phases),
        "experts": phases.get("experts", 0.0) + phases.get("experts_backward", 0.0),
        "reduction": phases.get("reduction", 0.0),
    }
