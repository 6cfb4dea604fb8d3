from dataclasses import replace

import pytest

from suite.analysis.estimate import Estimate
from suite.analysis.prediction import MEASURED, PREDICTED, kappa_map_rows, prediction_report, prediction_rows
from suite.analysis.rows import AtFault
from suite.analysis.speedup import SpeedupRow
from suite.costmodel import AlphaBeta, MethodCost, predict
from suite.tables.prediction import prediction_sheet
from suite.tables.sheet import to_markdown

COSTS = {
    "vanilla": MethodCost(dense=6.0, experts=4.0, reduction=0.0, waiting=0.3, bytes=8000.0, exchanges=20),
    "int8": MethodCost(dense=6.5, experts=4.0, reduction=0.0, waiting=0.3, bytes=2000.0, exchanges=20),
    "lsh": MethodCost(dense=6.1, experts=1.5, reduction=0.5, waiting=0.3, bytes=1600.0, exchanges=20),
}
RATES = {"vanilla": 1.0, "int8": 1.0, "lsh": 0.2}
CLUSTERS = {
    "open": AlphaBeta(0.0, 50_000.0),
    "lab30": AlphaBeta(0.0, 2500.0),
    "lab70": AlphaBeta(0.0, 400.0, overhang=0.1),
}


def speedups(error: float = 1.0, bound_reached: float = 1.1, **clusters: AlphaBeta) -> list[SpeedupRow]:
    """Rows of the speed-up table as the cost model has them; speed-ups off by a factor."""
    rows = []
    for cluster, link in clusters.items():
        vanilla = predict(COSTS["vanilla"], link)
        for method, cost in COSTS.items():
            step = predict(cost, link)
            ratio = vanilla.seconds / step.seconds * (1 if method == "vanilla" else error)
            row = SpeedupRow(
                model="gpt_moe",
                task="text_lm",
                method=method,
                cluster=cluster,
                kappa=vanilla.kappa,
                share=vanilla.share,
                rate=RATES[method],
                bytes_per_step=cost.bytes,
                speedup=Estimate(ratio, 0.9 * ratio, 1.1 * ratio),
                bound=ratio / bound_reached,
                bound_reached=bound_reached,
                relative_bytes=1.0,
                remote_bytes_per_step=cost.bytes,
                inter_server_bytes_per_step=cost.bytes,
                kernel_bytes_ratio=None,
                target_share=None,
                servers=1,
                all_to_alls=20,
                link_alpha_seconds=link.latency,
                link_beta_seconds_per_byte=1 / link.rate,
                step_seconds=step.seconds,
                all_to_all_seconds=step.all_to_all,
                experts_seconds=step.experts,
                reduction_seconds=step.reduction,
                rest_seconds=step.dense + step.overhang,
                sessions=1,
                weights="",
                data="",
            )
            rows.append(row)
    return rows


def test_slow_links_are_predicted_from_the_open_one_and_vanilla_s_steps_exactly():
    report = prediction_report(prediction_rows(speedups(**CLUSTERS)))
    assert len(report.rows) == 4  # two methods on the two clusters that do not calibrate
    assert report.worst == pytest.approx(0, abs=1e-9)
    assert report.met


def test_a_method_s_own_step_on_the_slow_link_does_not_enter_its_prediction():
    rows = speedups(**CLUSTERS)
    changed = [
        replace(
            row,
            speedup=row.speedup.times(3),
            **{name: 3 * value for name, value in vars(row).items() if name.endswith("_seconds")},
        )
        if (row.cluster, row.method) == ("lab70", "lsh")
        else row
        for row in rows
    ]
    predicted = [[row.predicted_speedup for row in kappa_map_rows(each)] for each in (rows, changed)]
    assert predicted[0] == predicted[1]


def test_the_calibrating_cluster_predicts_nothing_of_itself():
    rows = kappa_map_rows(speedups(open=CLUSTERS["open"]))
    assert {row.predicted_speedup for row in rows if row.kind == MEASURED} == {None}
    report = prediction_report(prediction_rows(speedups(open=CLUSTERS["open"])))
    assert (report.median, report.worst, report.met) == (None, None, None)
    assert "Nothing to compare" in to_markdown(prediction_sheet(report, "nano"))


def test_curves_run_through_exact_measurements_and_rise_with_kappa():
    rows = kappa_map_rows(speedups(**CLUSTERS))
    curve = [row for row in rows if (row.kind, row.method) == (PREDICTED, "lsh")]
    (point,) = [row for row in rows if row.method == "lsh" and row.speedup and 1 < row.kappa < 3]
    above = next(i for i, row in enumerate(curve) if row.kappa > point.kappa)
    assert curve[above - 1].predicted_speedup < point.speedup.value < curve[above].predicted_speedup
    values = [row.predicted_speedup for row in curve]
    assert values == sorted(values)
    assert "vanilla" not in {row.method for row in rows}


def test_bars_that_are_not_met_are_said_so():
    report = prediction_report(prediction_rows(speedups(error=1.2, **CLUSTERS)))
    assert (report.median, report.worst) == pytest.approx((1 / 6, 1 / 6))
    assert report.met is False
    text = to_markdown(prediction_sheet(report, "nano"))
    assert "median at most 5%, worst at most 15%" in text
    assert "median error is 16.7% (not met) and the worst 16.7% (not met)" in text


@pytest.mark.parametrize(("reached", "verdict"), [(0.91, "91% (met)"), (0.89, "89% (not met)")])
def test_lsh_is_held_to_its_bound(reached, verdict):
    report = prediction_report(prediction_rows(speedups(bound_reached=reached, **CLUSTERS)))
    text = to_markdown(prediction_sheet(report, "nano"))
    assert f"lsh reaches at least 90% of its bound. The least it reaches is {verdict}." in text


def test_a_measurement_at_fault_is_left_out():
    broken = [AtFault("gpt_moe", "text_lm", cluster="lab30")]
    assert kappa_map_rows(broken) == prediction_rows(broken) == []
