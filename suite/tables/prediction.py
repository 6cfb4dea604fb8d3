"""Predicted against measured speed-ups of one scale, and the map over kappa, from its records alone."""

from pathlib import Path

from suite.analysis.prediction import (
    BOUND_BAR,
    BOUND_METHOD,
    MEDIAN_BAR,
    WORST_BAR,
    KappaMapRow,
    PredictionReport,
    PredictionRow,
    kappa_map_rows,
    prediction_report,
    prediction_rows,
)
from suite.analysis.speedup import speedup_rows
from suite.records.evidence import read_evidence
from suite.tables.sheet import Sheet
from suite.tables.table import Table

CAPTION = (
    "Speed-ups that the cost model predicts beside those measured in the lab. Given are the parts of every method's "
    "step on the open link and the reference's step on the slow one; what the other methods take there is predicted."
)
NAMES = ("prediction", "kappa_map")
KAPPA_MAP = Table(
    "kappa_map",
    KappaMapRow,
    "measured points and predicted curves, per model, task and method",
    about="The cost model (`suite/costmodel`) is calibrated on the cluster with the smallest kappa: seconds of each "
    "method's parts without the network, its bytes, and what its all-to-alls take there beyond the bytes, as waiting. "
    "On every other cluster the reference's step, which defines its kappa, is given and says how slow the link is; "
    "all other methods are predicted. The reference has no row.",
)
PREDICTION = Table(
    "prediction",
    PredictionRow,
    "one row per measured cluster and method that has a prediction",
    CAPTION,
    printed="model task method kappa speedup predicted_speedup error bound bound_reached".split(),
)


def prediction_sheet(report: PredictionReport, scale: str) -> Sheet:
    notes = [
        "Calibrated on the cluster with the smallest kappa, tested on all others. Given: every method's step and bytes "
        "on the first, and on a tested one the step of the reference alone, from which its kappa comes and which says "
        "how slow the link is. Predicted: the steps of all other methods there, none of which is looked at. Error: "
        "predicted over measured speed-up, less 1. Bound: 1 / (1 − f(1−ρ) + h), as in `speedup.md`.",
        verdict(report),
        bound_verdict(report),
    ]
    return PREDICTION.sheet(f"Predicted against measured speed-up, scale {scale}", report.rows, notes)


def verdict(report: PredictionReport) -> str:
    """Errors beside their bars, in one sentence."""
    bars = f"median at most {MEDIAN_BAR:.0%}, worst at most {WORST_BAR:.0%}"
    if report.median is None or report.worst is None:
        return f"Bars: {bars}. Nothing to compare: no cluster was measured besides the one that calibrates."
    return (
        f"Bars: {bars}. Over {len(report.rows)} cells the median error is {report.median:.1%} "
        f"({_met(report.median <= MEDIAN_BAR)}) and the worst {report.worst:.1%} ({_met(report.worst <= WORST_BAR)})."
    )


def bound_verdict(report: PredictionReport) -> str:
    """What LSH reaches of its bound beside the bar, in one sentence."""
    bar = f"Bar: {BOUND_METHOD} reaches at least {BOUND_BAR:.0%} of its bound"
    if report.bound_reached is None:
        return f"{bar}. It was not measured on a slow link."
    return f"{bar}. The least it reaches is {report.bound_reached:.0%} ({_met(report.bound_reached >= BOUND_BAR)})."


def _met(met: bool) -> str:
    return "met" if met else "not met"


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/kappa_map.csv`` and ``tables/prediction.{csv,md,tex}`` below ``folder``."""
    speedups = speedup_rows(read_evidence(folder))
    report = prediction_report(prediction_rows(speedups))
    return [
        *KAPPA_MAP.write(folder, kappa_map_rows(speedups)),
        *PREDICTION.write(folder, report.rows, prediction_sheet(report, scale)),
    ]
