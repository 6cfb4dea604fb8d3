"""Predicted against measured speed-ups, and their curves over kappa: rows of ``kappa_map.csv`` and ``prediction.csv``.

Everything starts from rows of ``speedup.csv``. For every model and task the cluster with the smallest kappa, the one
with the least network in it, calibrates what methods cost; all others test it. There the step of vanilla, the reference
that kappa is defined by, is given and says how slow the link is; the steps of all other methods are predicted.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from suite.analysis.order import in_order
from suite.analysis.rows import INVALID, Row
from suite.costmodel.calibrate import INSTANT, measured_cost, measured_link
from suite.costmodel.exchange import AlphaBeta
from suite.costmodel.solve import least_kappa, link_for
from suite.costmodel.step import MethodCost, speedup

MEASURED, PREDICTED = "measured", "predicted"

# Bars of the relative error of predictions, fixed before any was made.
MEDIAN_BAR, WORST_BAR = 0.05, 0.15
# What LSH must reach of the bound S for its own rate, share and hashing cost, fixed likewise.
BOUND_BAR, BOUND_METHOD = 0.9, "lsh"

CURVE_POINTS = 60
LARGEST_KAPPA = 3.0


@dataclass(frozen=True)
class Calibration:
    """Costs by method, from the ``cluster`` that calibrates, and links by name of the other clusters.

    Of a link only vanilla's step there is known.
    """

    cluster: str
    costs: dict[str, MethodCost]
    links: dict[str, AlphaBeta]

    @property
    def overhang(self) -> float:
        """Of the slowest link, which shows it best; 0 without one."""
        return min(self.links.values(), key=lambda link: link.rate).overhang if self.links else 0.0


def calibrate(rows: Sequence[Row]) -> Calibration:
    """Costs of all methods and what vanilla's steps say of the links.

    Args:
        rows: of ``speedup.csv``, all of one model and task, vanilla among those of every cluster.
    """
    vanilla: list[Mapping[str, Any]] = [row for row in rows if row["method"] == "vanilla"]
    first = min(vanilla, key=lambda row: row["kappa"])
    beta = first.get("link_beta_seconds_per_byte")
    opened = AlphaBeta(latency=0.0, rate=1 / beta) if beta else INSTANT
    costs = {str(row["method"]): measured_cost(row, opened) for row in rows if row["cluster"] == first["cluster"]}
    links = {row["cluster"]: measured_link(costs["vanilla"], row) for row in vanilla if row is not first}
    return Calibration(first["cluster"], costs, links)


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
        calibration = calibrate(group)
        found = [*_points(group, calibration), *_curves(group, calibration)]
        rows += [{"model": model, "task": task, **row} for row in found]
    return rows


def _points(rows: Sequence[Row], calibration: Calibration) -> list[Row]:
    return [
        {
            **{name: row[name] for name in ("method", "kappa", "speedup", "speedup_low", "speedup_high")},
            "predicted_speedup": _predict(row, calibration),
            "bound": row["predicted_speedup"],
            "bound_reached": row["bound_reached"],
            "kind": MEASURED,
        }
        for row in rows
        if row["method"] != "vanilla"
    ]


def _predict(row: Row, calibration: Calibration) -> float | None:
    """A measured cell's speed-up from the calibration; None for the calibration itself and what it did not measure."""
    link, costs = calibration.links.get(str(row["cluster"])), calibration.costs
    if link is None or row["method"] not in costs:
        return None
    return speedup(costs["vanilla"], costs[str(row["method"])], link)


def _curves(rows: Sequence[Row], calibration: Calibration) -> list[Row]:
    vanilla, overhang = calibration.costs["vanilla"], calibration.overhang
    first = max(0.02, 1.001 * least_kappa(vanilla, latency=0.0))
    last = max(LARGEST_KAPPA, 1.1 * first, *(float(str(row["kappa"])) for row in rows))
    if last * overhang >= 1:  # no link of such an overhang has so large a kappa
        last = 0.9 / overhang
    links = {
        float(kappa): link_for(vanilla, float(kappa), latency=0.0, overhang=overhang)
        for kappa in np.geomspace(first, last, CURVE_POINTS)
    }
    return [
        {
            "method": method,
            "kappa": kappa,
            "predicted_speedup": speedup(vanilla, calibration.costs[method], link),
            "kind": PREDICTED,
        }
        for method in in_order(calibration.costs)
        if method != "vanilla"
        for kappa, link in links.items()
    ]


@dataclass(frozen=True)
class PredictionReport:
    """Relative errors ``predicted / measured − 1`` of all cells.

    Attributes:
        rows: the cells with both numbers and their ``error``.
        median: of the absolute errors; None without a cell.
        worst: the largest of them.
        bound_reached: the least part of its bound that LSH reached; None without a cell of it.
    """

    rows: list[Row]
    median: float | None
    worst: float | None
    bound_reached: float | None

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
    reached = [float(str(cell["bound_reached"])) for cell in cells if cell["method"] == BOUND_METHOD]
    return PredictionReport(
        cells, median(errors) if errors else None, max(errors, default=None), min(reached, default=None)
    )
