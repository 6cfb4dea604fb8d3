"""The tables kappa_map and prediction: predicted against measured speed-ups, and their curves over kappa.

Everything starts from rows of ``speedup.csv``. For every model and task the cluster with the smallest kappa, the one
with the least network in it, calibrates what methods cost; all others test it. There the step of the reference,
by which kappa is defined, is given and says how slow the link is; the steps of all other methods are predicted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from suite.analysis.columns import column, table_row
from suite.analysis.estimate import Estimate
from suite.analysis.order import in_order
from suite.analysis.rows import AtFault, MethodRow, sound
from suite.analysis.speedup import SpeedupRow
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


@table_row
class KappaMapRow(MethodRow):
    """A measured cluster, or a point of a predicted curve."""

    kappa: float = column("of the reference on that cluster, or on the modelled link", "ratio")
    speedup: Estimate | None = column("as in `speedup.csv`; empty on a curve", "ratio", better="higher")
    predicted_speedup: float | None = column(
        "the reference's predicted step over the method's on the same link; empty where the cluster is the "
        "calibrating one",
        "ratio",
        better="higher",
    )
    kind: str = column("`measured`: a cluster; `predicted`: a point of a curve")


@table_row
class PredictionRow(MethodRow):
    """A measured cluster that has a prediction."""

    kappa: float = column("as in `speedup.csv`", "ratio", form=".3f")
    speedup: Estimate = column("as in `speedup.csv`", "ratio", form=".3f", better="higher")
    predicted_speedup: float = column(
        "the reference's predicted step over the method's on the same link",
        "ratio",
        header="predicted",
        form=".3f",
        better="higher",
    )
    error: float = column(
        "`predicted_speedup` over `speedup`, less 1; the Markdown gives the median and worst of their sizes and their "
        "bars",
        "fraction",
        form="+.1%",
    )
    bound: float = column("as in `speedup.csv`", "ratio", form=".3f", better="higher")
    bound_reached: float = column("as in `speedup.csv`", "ratio", header="of_bound", form=".0%", better="higher")


@dataclass(frozen=True)
class Calibration:
    """Costs by method, from the ``cluster`` that calibrates, and links by name of the other clusters.

    Of a link only the reference's step there is known.
    """

    cluster: str
    reference: str
    costs: dict[str, MethodCost]
    links: dict[str, AlphaBeta]

    @property
    def overhang(self) -> float:
        """Of the slowest link, which shows it best; 0 without one."""
        return min(self.links.values(), key=lambda link: link.rate).overhang if self.links else 0.0

    def predict(self, row: SpeedupRow) -> float | None:
        """A measured method's speed-up; None on the calibrating cluster and for a method not measured there."""
        link = self.links.get(row.cluster)
        if link is None or row.method not in self.costs:
            return None
        return speedup(self.costs[self.reference], self.costs[row.method], link)


def calibrate(rows: Sequence[SpeedupRow]) -> Calibration:
    """Costs of all methods and what the reference's steps say of the links.

    Args:
        rows: all of one model and task, the reference among those of every cluster.
    """
    references = [row for row in rows if row.method == row.reference]
    first = min(references, key=lambda row: row.kappa)
    beta = first.link_beta_seconds_per_byte
    opened = AlphaBeta(latency=0.0, rate=1 / beta) if beta else INSTANT
    costs = {row.method: measured_cost(vars(row), opened) for row in rows if row.cluster == first.cluster}
    links = {row.cluster: measured_link(costs[row.method], vars(row)) for row in references if row is not first}
    return Calibration(first.cluster, first.reference, costs, links)


def _calibrated(speedups: Sequence[SpeedupRow | AtFault]) -> list[tuple[list[SpeedupRow], Calibration]]:
    """Rows of every model and task besides the reference's, each group with its calibration."""
    groups: dict[tuple[str, str], list[SpeedupRow]] = {}
    for row in sound(speedups):
        groups.setdefault((row.model, row.task), []).append(row)
    return [
        ([row for row in group if row.method != row.reference], calibrate(group)) for _, group in sorted(groups.items())
    ]


def kappa_map_rows(speedups: Sequence[SpeedupRow | AtFault]) -> list[KappaMapRow]:
    """Measured points, each with its prediction, and predicted curves, for every method but the reference.

    The calibrating cluster's own points have no prediction. A method that it did not measure has no curve.
    """
    rows = []
    for measured, calibration in _calibrated(speedups):
        rows += [
            KappaMapRow(
                model=row.model,
                task=row.task,
                method=row.method,
                kappa=row.kappa,
                speedup=row.speedup,
                predicted_speedup=calibration.predict(row),
                kind=MEASURED,
            )
            for row in measured
        ]
        rows += _curves(measured, calibration)
    return rows


def _curves(measured: Sequence[SpeedupRow], calibration: Calibration) -> list[KappaMapRow]:
    if not measured:
        return []
    reference, overhang = calibration.costs[calibration.reference], calibration.overhang
    first = max(0.02, 1.001 * least_kappa(reference, latency=0.0))
    last = max(LARGEST_KAPPA, 1.1 * first, *(row.kappa for row in measured))
    if last * overhang >= 1:  # no link of such an overhang has so large a kappa
        last = 0.9 / overhang
    links = {
        float(kappa): link_for(reference, float(kappa), latency=0.0, overhang=overhang)
        for kappa in np.geomspace(first, last, CURVE_POINTS)
    }
    return [
        KappaMapRow(
            model=measured[0].model,
            task=measured[0].task,
            method=method,
            kappa=kappa,
            speedup=None,
            predicted_speedup=speedup(reference, calibration.costs[method], link),
            kind=PREDICTED,
        )
        for method in in_order(calibration.costs)
        if method != calibration.reference
        for kappa, link in links.items()
    ]


def prediction_rows(speedups: Sequence[SpeedupRow | AtFault]) -> list[PredictionRow]:
    """One row for each measured cluster and method that has a prediction."""
    return [
        PredictionRow(
            model=row.model,
            task=row.task,
            method=row.method,
            kappa=row.kappa,
            speedup=row.speedup,
            predicted_speedup=predicted,
            error=predicted / row.speedup.value - 1,
            bound=row.bound,
            bound_reached=row.bound_reached,
        )
        for measured, calibration in _calibrated(speedups)
        for row in measured
        if (predicted := calibration.predict(row)) is not None
    ]


@dataclass(frozen=True)
class PredictionReport:
    """Relative errors ``predicted / measured − 1`` of all predictions.

    Attributes:
        rows: the predictions.
        median: of the absolute errors; None without a prediction.
        worst: the largest of them.
        bound_reached: the least part of its bound that LSH reached; None where LSH has no prediction.
    """

    rows: Sequence[PredictionRow]
    median: float | None
    worst: float | None
    bound_reached: float | None

    @property
    def met(self) -> bool | None:
        """Whether both bars are met; None without a prediction."""
        if self.median is None or self.worst is None:
            return None
        return self.median <= MEDIAN_BAR and self.worst <= WORST_BAR


def prediction_report(rows: Sequence[PredictionRow]) -> PredictionReport:
    """Errors over all predictions."""
    errors = [math.fabs(row.error) for row in rows]
    reached = [row.bound_reached for row in rows if row.method == BOUND_METHOD]
    return PredictionReport(
        rows, median(errors) if errors else None, max(errors, default=None), min(reached, default=None)
    )
