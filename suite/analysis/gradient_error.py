"""Rows of the table of gradient errors, from the records of probes."""

from collections.abc import Sequence

from suite.analysis.order import in_order
from suite.analysis.rows import Row
from suite.records.probes import Probe
from suite.records.vocabulary import COMPARED


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
            for quantity in COMPARED:
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
                        "weights": str(probe.record.weights),
                    }
                )
    return rows
