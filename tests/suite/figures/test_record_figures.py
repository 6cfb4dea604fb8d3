import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from suite.analysis.convergence import convergence_rows
from suite.analysis.gradient_error import error_rows
from suite.analysis.kinds import kind_rows
from suite.analysis.pareto import error_panels, quality_panels
from suite.analysis.speedup import speedup_rows
from suite.errors import UserError
from suite.figures import build as figures
from suite.figures import canvas, names
from suite.figures.hash_seeds import by_hash_seed
from suite.figures.pareto import pareto_figure
from suite.figures.rate_by_kind import shown_kinds
from suite.figures.rate_over_training import rate_frame
from suite.figures.time_to_quality import time_frame
from suite.figures.token_clusters import principal_components, read_samples
from suite.records.evidence import read_evidence
from suite.records.probes import read_probes
from tests.suite.builders.synthetic import (
    write_ablation,
    write_probe,
    write_run,
    write_sample,
    write_shares,
    write_speed,
)


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "nano"
    write_run(folder, "vanilla", final=100.0)
    write_run(folder, "lsh", final=105.0, rate=0.25)
    write_run(folder, "int8", final=110.0, relative_bytes=0.5)
    path = write_speed(folder, {"vanilla": 2.0, "lsh": 1.0})
    record = json.loads(path.read_text())
    slow = json.loads(json.dumps(record["links"][0])) | {"name": "slow", "share": 0.6}
    for block in slow["blocks"]:
        block["seconds"] *= 2
        block["phases"]["dispatch"] *= 3
    path.write_text(json.dumps(record | {"links": [record["links"][0], slow]}))
    write_probe(folder, {"vanilla": [0.0], "lsh": [0.1, 0.3]})
    write_sample(folder)
    write_shares(folder, {"base": 0.3, "doubled experts": 0.31, "doubled servers": 0.38})
    write_ablation(folder)
    return folder


def test_every_figure_is_drawn_from_records_and_svg_is_byte_identical(results, capsys, monkeypatch):
    first = {path.name: path.read_bytes() for path in figures.build(results)}
    assert capsys.readouterr().err == ""
    assert set(first) == {f"{name}.{suffix}" for name in names() for suffix in ("svg", "pdf", "png")}
    index = json.loads((results / "figures/index.json").read_text())
    assert list(index["drawn"]) == names() and not index["not_drawn"]
    assert all(len(entry["caption"]) > 40 for entry in index["drawn"].values())
    monkeypatch.setattr(canvas, "FORMATS", {"svg": canvas.FORMATS["svg"]})
    again = {path.name: path.read_bytes() for path in figures.build(results)}
    assert len(again) == len(names())
    assert {name for name in again if first[name] != again[name]} == set()
    assert not any(b"<dc:date>" in content for content in first.values())


def test_what_is_not_drawn_is_listed_with_its_reason(tmp_path, capsys):
    figures.build(tmp_path)
    index = json.loads((tmp_path / "figures/index.json").read_text())
    assert set(index["drawn"]) == {"audit", "extrapolation"}
    assert set(index["not_drawn"]) == set(names()) - {"audit", "extrapolation"}
    assert str(tmp_path) not in json.dumps(index)
    assert "holds no valid probe" in capsys.readouterr().err


def test_an_unknown_figure_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"figures: unknown 'paretto'.*did you mean 'pareto'"):
        figures.build(tmp_path, ["paretto"])


def test_tables_and_figures_of_records_never_import_torch():
    code = (
        "import sys; from suite import figures, tables; from suite.loading import load; "
        "load('suite.figures', 'figures', None, figures.names()); "
        "load('suite.tables', 'tables', None, [name for name in tables.names() if name != 'models']); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_front_holds_what_nothing_beats_in_both(results):
    write_run(results, "random", final=120.0, rate=0.25)
    write_run(results, "fp8", final=104.0, relative_bytes=0.6)
    (panel,) = quality_panels(convergence_rows(read_evidence(results)))
    # bytes and perplexity: vanilla 2 and 100, lsh .5 and 105, int8 .5 and 110, random .5 and 120, fp8 .6 and 104
    front = {each.method: each.on_front for each in panel.competitors}
    assert front == {"vanilla": True, "lsh": True, "int8": False, "fp8": True, "random": False}
    together = [[each.method for each in group] for group in panel.at_equal_bytes]
    assert together == [["lsh", "int8", "random"]]


def test_errors_have_a_front_of_their_own_and_exact_methods_are_drawn(results):
    write_probe(results, {"vanilla": [0.0], "lsh": [0.1, 0.3], "kmeans": [0.05]})
    (panel,) = error_panels(error_rows(read_probes(results)[0]))
    assert {each.method: each.on_front for each in panel.competitors} == {
        "vanilla": True,
        "lsh": False,
        "kmeans": True,
    }
    figure = pareto_figure([panel])
    assert figure.axes[0].get_yscale() == "log"
    assert {text.get_text() for text in figure.legends[0].get_texts()} >= {"vanilla (float32 wire)", "kmeans"}


def test_rates_are_means_over_windows_of_methods_that_send_fewer(results):
    frame = rate_frame(read_evidence(results).runs)
    assert set(frame["method"]) == {"lsh"}
    assert (frame["rate"] == 25).all() and frame["step"].max() == 40


def test_kinds_are_those_of_lsh_where_it_ran(results):
    write_run(results, "condensation", rate=0.5)
    (group,) = shown_kinds(kind_rows(read_evidence(results).runs)).values()
    assert {row.method for row in group} == {"lsh"}


def test_time_is_steps_times_the_paired_step_on_the_model_s_own_link(results):
    evidence = read_evidence(results)
    frame = time_frame(evidence, speedup_rows(evidence))
    assert set(frame["cluster"]) == {"slow"}  # the first that was set for a share
    last = frame.groupby("method").last()
    # 40 steps of 2 s on the slow link; lsh is twice as fast.
    assert last.loc["vanilla", "minutes"] == pytest.approx(40 * 2 / 60)
    assert last.loc["lsh", "minutes"] == pytest.approx(40 / 60)
    # Smoothing over evaluations 10, 20, 30, 40 with sigma 0.5 draws the last value up towards the one before.
    assert 100 < last.loc["vanilla", "perplexity"] < 100 + 900 / 4 / 2


def test_principal_components_of_a_line():
    rows = np.outer([1.0, 2.0, 3.0, 6.0], [0.6, -0.8, 0.0]) + np.array([5.0, 5.0, 5.0])
    points, explained = principal_components(rows)
    assert explained == pytest.approx([1.0, 0.0], abs=1e-9)
    assert points[:, 0] == pytest.approx([2.0, 1.0, 0.0, -3.0])  # the direction's largest entry is made positive


def test_a_damaged_sample_of_rows_is_named(results, capsys):
    write_sample(results).write_bytes(b"PK")
    assert read_samples(results) == {}
    assert "text_lm.npz" in capsys.readouterr().err


def test_hash_seeds_are_means_over_batches_of_methods_that_draw(results):
    frame = by_hash_seed(read_probes(results)[0])
    assert isinstance(frame, pd.DataFrame) and set(frame["method"]) == {"lsh"}
    assert frame["dense_gradient.relative_error"].tolist() == pytest.approx([15.0, 45.0])
