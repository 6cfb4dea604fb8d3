import colorsys
import itertools
from dataclasses import replace

import matplotlib.colors
import pandas as pd
import pytest

from suite.analysis.order import in_order
from suite.config.conf import choices
from suite.errors import UserError
from suite.figures import build as figures
from suite.figures import kappa_map, style
from suite.figures.convergence import build, convergence_figure, convergence_frame
from suite.records.evidence import read_evidence
from tests.suite.builders.synthetic import write_run, write_speed


@pytest.fixture
def results(tmp_path):
    for seed in (0, 1):
        write_run(tmp_path, "vanilla", seed=seed, final=100.0 + seed)
        write_run(tmp_path, "lsh", seed=seed, final=120.0 + seed)
    return tmp_path


def test_the_frame_counts_minutes_of_training_steps_and_the_distance_from_vanilla(results):
    frame = convergence_frame(read_evidence(results).runs)
    assert frame["step"].min() == 10  # what came before training is left out
    last = frame[(frame["method"] == "lsh") & (frame["seed"] == 1)].iloc[-1]
    assert (last["step"], last["value"], last["baseline"]) == (40, 121, 800)
    assert last["minutes"] == pytest.approx(40 * 0.5 / 60)
    assert last["excess"] == pytest.approx(100 * (121 / 101 - 1))


def test_without_vanilla_the_figure_is_still_drawn(tmp_path):
    write_run(tmp_path, "lsh")
    assert convergence_frame(read_evidence(tmp_path).runs)["excess"].isna().all()
    assert len(build(tmp_path)) == 3


def test_three_formats_are_byte_identical_when_rebuilt(results):
    first = {path.suffix: path.read_bytes() for path in build(results)}
    assert set(first) == {".svg", ".pdf", ".png"}
    assert b"held-out perplexity" in first[".svg"]
    assert {path.suffix: path.read_bytes() for path in build(results)} == first


def test_a_score_is_drawn_beside_a_perplexity_and_a_run_without_steps_is_left_out(results):
    frame = convergence_frame(read_evidence(results).runs)
    scores = frame.assign(task="sentences", metric="accuracy", value=frame["value"] / 1000, baseline=0.5)
    (row,) = [axes for axes in convergence_figure(pd.concat([frame, scores])).axes if "accuracy" in axes.get_ylabel()]
    assert row.get_yscale() == "linear"
    write_run(results, "int8", steps=10, final=90.0)
    runs = [
        replace(run, summary=run.summary.model_copy(update={"steps": 0}))
        for run in read_evidence(results).runs
        if run.method == "int8"
    ]
    assert len(convergence_frame([*read_evidence(results).runs, *runs])) == len(
        convergence_frame(read_evidence(results).runs)
    )


def test_nothing_to_draw_is_a_clear_error(tmp_path):
    with pytest.raises(UserError, match="no valid run"):
        build(tmp_path)


def test_listed_methods_differ_in_colour_and_marker_and_neighbours_in_lightness():
    looks = list(style.LOOKS.values())
    assert len({look.marker for look in looks}) == len({look.colour for look in looks}) == len(looks)
    lightness = [colorsys.rgb_to_hls(*matplotlib.colors.to_rgb(look.colour))[1] for look in looks]
    dashes = [look.dash for look in looks]
    for (light_a, dash_a), (light_b, dash_b) in itertools.pairwise(zip(lightness, dashes, strict=True)):
        assert abs(light_a - light_b) > 0.05 or dash_a != dash_b


def test_no_two_configured_methods_share_colour_and_marker():
    marks = [(style.look(name).colour, style.look(name).marker) for name in choices("method")]
    assert len(set(marks)) == len(marks)


def test_an_unlisted_method_keeps_its_look():
    assert style.look("mine") == style.look("mine")
    assert in_order(["mine", "lsh", "another", "vanilla"]) == ["vanilla", "lsh", "another", "mine"]


def test_figures_that_need_no_record_are_drawn_without_any(tmp_path):
    drawn = {path.name: path.read_bytes() for path in figures.build(tmp_path, ["audit", "extrapolation"])}
    assert b"possible with nothing sent" in drawn["audit.svg"]
    assert b"hierarchical" in drawn["extrapolation.svg"]


def test_the_kappa_map_shows_where_compression_loses(tmp_path):
    write_speed(tmp_path, {"vanilla": 2.0, "lsh": 1.0})
    svg, *_ = kappa_map.build(tmp_path)
    assert "compression loses" in svg.read_text()
