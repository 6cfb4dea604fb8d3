"""Records of probes as data: each read whole or refused with a reason, and what tables and figures take from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from suite.evidence import Invalid
from suite.record_reading import RecordError, json_object, require
from suite.rows import Row
from suite.style import in_order

PROBE_KEYS = tuple("schema model task scale seed data weights examples_per_batch methods comparisons".split())
COMPARISON_KEYS = tuple("method batch hash_seed loss exact_loss rate relative_bytes".split())
# As suite.divergence names them, which needs torch.
QUANTITIES = ("layer", "output", "dense_gradient", "expert_gradient")
ERRORS = ("relative_error", "cosine")


@dataclass(frozen=True)
class Probe:
    """One probe; ``comparisons`` holds one row per method, batch and hash seed, with columns ``<quantity>.<error>``."""

    model: str
    task: str
    record: dict[str, Any]
    comparisons: pd.DataFrame


def read_probes(folder: Path) -> tuple[list[Probe], list[Invalid]]:
    """Read ``probe/<model>/<task>.json`` below ``folder``: the good ones, and the others with their reasons."""
    probes, invalid = [], []
    for path in sorted(folder.glob("probe/*/*.json")):
        try:
            probes.append(_read(path))
        except RecordError as error:
            invalid.append(Invalid(path.parts[-2], path.stem, None, path, str(error)))
    return probes, invalid


def _read(path: Path) -> Probe:
    record = json_object(path.read_text(), path.name)
    require(record, PROBE_KEYS, path.name)
    if (record["model"], record["task"]) != (path.parts[-2], path.stem):
        raise RecordError("it names another model or task than its path does")
    for line in record["comparisons"]:
        require(line, (*COMPARISON_KEYS, *QUANTITIES), path.name)
        for quantity in QUANTITIES:
            require(line[quantity], ERRORS, f"{path.name}, {quantity}")
    frame = pd.json_normalize(record["comparisons"])
    if frame.empty or frame.duplicated(["method", "batch", "hash_seed"]).any():
        raise RecordError("a method, batch and hash seed occurs twice, or none occurs")
    return Probe(record["model"], record["task"], record, frame)


def error_rows(probes: Sequence[Probe]) -> list[Row]:
    """One row per model, task, method and quantity.

    Means, least (``…_low``) and largest (``…_high``) are over batches and hash seeds, ``seed_sd`` is the standard
    deviation over hash seeds of the mean over batches.
    """
    rows: list[Row] = []
    for probe in probes:
        frame = probe.comparisons
        for method in in_order(frame["method"]):
            part = frame[frame["method"] == method]
            for quantity in QUANTITIES:
                name = f"{quantity}.relative_error"
                by_seed = part.groupby("hash_seed")[name].mean()
                rows.append(
                    {
                        "model": probe.model,
                        "task": probe.task,
                        "method": method,
                        "quantity": quantity,
                        "relative_error": float(part[name].mean()),
                        "relative_error_low": float(part[name].min()),
                        "relative_error_high": float(part[name].max()),
                        "cosine": float(part[f"{quantity}.cosine"].mean()),
                        "seed_sd": float(by_seed.std()) if len(by_seed) > 1 else None,
                        "hash_seeds": len(by_seed),
                        "batches": int(part["batch"].nunique()),
                        "rate": float(part["rate"].mean()),
                        "relative_bytes": float(part["relative_bytes"].mean()),
                        "loss_excess": float((part["loss"] - part["exact_loss"]).mean()),
                        "weights": str(probe.record["weights"]),
                    }
                )
    return rows
