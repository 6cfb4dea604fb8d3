"""Predicted against measured speed-ups of one scale, and the map over kappa, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.prediction import (
    BOUND_BAR,
    BOUND_METHOD,
    MEDIAN_BAR,
    WORST_BAR,
    PredictionReport,
    kappa_map_rows,
    prediction_report,
)
from suite.analysis.rows import Row
from suite.analysis.speedup import speedup_rows
from suite.records.evidence import read_evidence
from suite.tables.formatting import number, table_files, to_csv, with_interval, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "Speed-ups that the cost model predicts beside those measured in the lab. Given are the parts of every method's "
    "step on the open link and vanilla's step on the slow one; what the other methods take there is predicted."
)
NAMES = ("prediction", "kappa_map")
KAPPA_MAP = "model task method kappa speedup speedup_low speedup_high predicted_speedup kind".split()
PREDICTION = (
    "model task method kappa speedup speedup_low speedup_high predicted_speedup error bound bound_reached".split()
)


def prediction_sheet(report: PredictionReport, scale: str) -> Sheet:
    header = "model task method kappa speedup predicted error bound of_bound".split()
    cells = [
        [
            *(str(row[name]) for name in ("model", "task", "method")),
            number(row["kappa"], ".3f"),
            with_interval(row, "speedup", ".3f"),
            number(row["predicted_speedup"], ".3f"),
            number(row["error"], "+.1%"),
            number(row["bound"], ".3f"),
            number(row["bound_reached"], ".0%"),
        ]
        for row in report.rows
    ]
    notes = [
        "Calibrated on the cluster with the smallest kappa, tested on all others. Given: every method's step and bytes "
        "on the first, and on a tested one the step of vanilla alone, from which its kappa comes and which says how "
        "slow the link is. Predicted: the steps of all other methods there, none of which is looked at. Error: "
        "predicted over measured speed-up, less 1. Bound: 1 / (1 − f(1−ρ) + h), as in `speedup.md`.",
        verdict(report),
        bound_verdict(report),
    ]
    return Sheet(f"Predicted against measured speed-up, scale {scale}", header, cells, notes)


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


def prediction_texts(kappa_map: Sequence[Row], scale: str) -> dict[str, str]:
    """Texts of the files, by name, for a kappa map."""
    report = prediction_report(kappa_map)
    printed = table_files("prediction", report.rows, PREDICTION, CAPTION, prediction_sheet(report, scale))
    return {"kappa_map.csv": to_csv(kappa_map, KAPPA_MAP)} | printed


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/kappa_map.csv`` and ``tables/prediction.{csv,md,tex}`` below ``folder``."""
    kappa_map = kappa_map_rows(speedup_rows(read_evidence(folder)))
    return write_tables(folder, prediction_texts(kappa_map, scale))
