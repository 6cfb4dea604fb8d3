"""Predicted against measured speed-ups, and their curves over kappa: rows of ``kappa_map.csv`` and ``prediction.csv``.

Everything starts from rows of ``speedup.csv``. For every model and task the cluster with the smallest kappa, the one
with the least network in it, calibrates the cost model; all others test it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from suite.comparisons import INVALID
from suite.costmodel.calibrate import INSTANT, fit_unshaped, measured_cost
from suite.costmodel.exchange import Link
from suite.costmodel.solve import least_kappa, link_for
from suite.costmodel.step import MethodCost, speedup
from suite.errors import UserError
from suite.rows import Row
from suite.style import in_order

MEASURED, PREDICTED = "measured", "predicted"

# Bars of the relative error of predictions, fixed before any was made.
MEDIAN_BAR, WORST_BAR = 0.05, 0.15

CURVE_POINTS = 60
LARGEST_KAPPA = 3.0


@dataclass(frozen=True)
class Links:
    """What is known of the links. Without a fitted one, latency counts as 0 and the rate follows from the kappa.

    Attributes:
        fitted: by cluster; their rates are in the bytes that ``part`` of ``inter_server_bytes_per_step`` stands for.
        exchanges: all-to-alls in a step, which latency is paid for.
        part: as ``link_part`` of :func:`suite.costmodel.calibrate.measured_cost`.
    """

    fitted: Mapping[str, Link]
    exchanges: int
    part: float

    def latency(self, calibration: str) -> float:
        """Mean over the shaped links."""
        shaped = [link.latency for cluster, link in self.fitted.items() if cluster != calibration]
        return sum(shaped) / len(shaped) if shaped else 0.0


@dataclass(frozen=True)
class Calibration:
    """Costs by method, from the ``cluster`` that calibrates."""

    cluster: str
    costs: dict[str, MethodCost]


def calibrate(rows: Sequence[Row], links: Links) -> Calibration:
    """Costs of all methods of one model on one task.

    Args:
        rows: of ``speedup.csv``, all of one model and task, vanilla among those of every cluster.
        links: what is known of the network.
    """
    vanilla = min((row for row in rows if row["method"] == "vanilla"), key=lambda row: float(str(row["kappa"])))
    cluster = str(vanilla["cluster"])
    chosen: list[Mapping[str, Any]] = [row for row in rows if row["cluster"] == cluster]
    wires = [
        r
        for r in chosen
        if r["rate"] == 1 and r["inter_server_bytes_per_step"] < vanilla["inter_server_bytes_per_step"]
    ]
    unshaped = links.fitted.get(cluster) or (fit_unshaped(vanilla, wires[0], links.part) if wires else INSTANT)
    costs = {row["method"]: measured_cost(row, links.exchanges, unshaped, links.part) for row in chosen}
    return Calibration(cluster, costs)


def links_of(rows: Sequence[Row]) -> Links:
    """What rows of ``speedup.csv``, all of one model and task, say of their links."""
    vanilla: list[Mapping[str, Any]] = [row for row in rows if row["method"] == "vanilla"]
    fitted = {
        row["cluster"]: Link(row["link_alpha_seconds"], 1 / row["link_beta_seconds_per_byte"])
        for row in vanilla
        if row.get("link_beta_seconds_per_byte")
    }
    # Bytes are summed over servers, a link carries those of one.
    return Links(fitted, vanilla[0]["all_to_alls"], 1 / vanilla[0]["servers"])


def kappa_map_rows(speedups: Sequence[Row]) -> list[Row]:
    """Measured points, each with its prediction, and predicted curves, for every method but vanilla.

    The calibrating cluster's own points have no prediction. A method that it did not measure has no curve.

    Args:
        speedups: rows of ``speedup.csv``.
    """
    valid = [row for row in speedups if row.get("speedup") != INVALID]
    rows: list[Row] = []
    for model, task in sorted({(str(row["model"]), str(row["task"])) for row in valid}):
        group = [row for row in valid if (row["model"], row["task"]) == (model, task)]
        links = links_of(group)
        calibration = calibrate(group, links)
        found = [*_points(group, calibration, links), *_curves(group, calibration, links)]
        rows += [{"model": model, "task": task, **row} for row in found]
    return rows


def _points(rows: Sequence[Row], calibration: Calibration, links: Links) -> list[Row]:
    return [
        {
            **{name: row[name] for name in ("method", "kappa", "speedup", "speedup_low", "speedup_high")},
            "predicted_speedup": _predict(row, calibration, links),
            "kind": MEASURED,
        }
        for row in rows
        if row["method"] != "vanilla"
    ]


def _predict(row: Row, calibration: Calibration, links: Links) -> float | None:
    """A measured cell's speed-up from the calibration; None for the calibration itself and what it did not measure."""
    cluster, costs = str(row["cluster"]), calibration.costs
    if cluster == calibration.cluster or row["method"] not in costs:
        return None
    link = links.fitted.get(cluster)
    if link is None:
        try:
            link = link_for(costs["vanilla"], float(str(row["kappa"])), latency=0.0)
        except UserError:  # no more network in it than in the calibration
            link = INSTANT
    return speedup(costs["vanilla"], costs[str(row["method"])], link)


def _curves(rows: Sequence[Row], calibration: Calibration, links: Links) -> list[Row]:
    vanilla, latency = calibration.costs["vanilla"], links.latency(calibration.cluster)
    first = max(0.02, 1.001 * least_kappa(vanilla, latency))
    last = max(LARGEST_KAPPA, 1.1 * first, *(float(str(row["kappa"])) for row in rows))
    return [
        {
            "method": method,
            "kappa": float(kappa),
            "predicted_speedup": speedup(vanilla, calibration.costs[method], link_for(vanilla, float(kappa), latency)),
            "kind": PREDICTED,
        }
        for method in in_order(calibration.costs)
        if method != "vanilla"
        for kappa in np.geomspace(first, last, CURVE_POINTS)
    ]


@dataclass(frozen=True)
class PredictionReport:
    """Relative errors ``predicted / measured − 1`` of all cells.

    Attributes:
        rows: the cells with both numbers and their ``error``.
        median: of the absolute errors; None without a cell.
        worst: the largest of them.
    """

    rows: list[Row]
    median: float | None
    worst: float | None

    @property
    def met(self) -> bool | None:
        """Whether both bars are met; None without a cell."""
        if self.median is None or self.worst is None:
            return None
        return self.median <= MEDIAN_BAR and self.worst <= WORST_BAR


def prediction_report(rows: Sequence[Row]) -> PredictionReport:
    """Errors over all cells of a kappa map that are measured and predicted."""
    cells = [
        row | {"error": float(str(row["predicted_speedup"])) / float(str(row["speedup"])) - 1}
        for row in rows
        if row["kind"] == MEASURED and row.get("predicted_speedup") is not None
    ]
    errors = [math.fabs(float(str(cell["error"]))) for cell in cells]
    return PredictionReport(cells, median(errors) if errors else None, max(errors, default=None))
