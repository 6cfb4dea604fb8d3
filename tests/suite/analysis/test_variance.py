from itertools import product

import numpy as np
import pandas as pd
import pytest

from suite.analysis.variance import split_variance, variance_rows
from suite.tables import variance

COLUMNS = ("seeds.model", "seeds.data", "seeds.hash")


def crossed(levels, effect):
    rows = [(*seeds, effect(*seeds)) for seeds in product(*(range(n) for n in levels))]
    return pd.DataFrame(rows, columns=[*COLUMNS, "perplexity"])


def test_sums_of_squares_worked_by_hand():
    # Main effects only: ±2, ±1 and 0 around 10 over 8 runs, so sums of squares 8·4, 8·1 and 0, and no residual.
    parts = split_variance(crossed((2, 2, 2), lambda m, d, h: 10 + 4 * m + 2 * d), "perplexity")
    shares = {part.source: part.sum_of_squares for part in parts}
    assert shares["initial weights"] == pytest.approx(32 / 40)
    assert shares["order of data"] == pytest.approx(8 / 40)
    assert (shares["hash draw"], shares["residual"]) == pytest.approx((0, 0), abs=1e-12)
    # MS of the first is 32 with one degree of freedom, over 4 runs per level: component 8, the variance of ±2 (n − 1).
    assert parts[0].component == pytest.approx(8)
    assert parts[1].component == pytest.approx(2)


def test_components_are_recovered_from_drawn_effects():
    random = np.random.default_rng(0)
    model, data, hashes = random.normal(0, 3, 40), random.normal(0, 1, 40), random.normal(0, 0.0, 40)
    trials = crossed((40, 40, 3), lambda m, d, h: model[m] + data[d] + hashes[h] + random.normal(0, 0.5))
    found = {part.source: part for part in split_variance(trials, "perplexity")}
    assert found["initial weights"].deviation == pytest.approx(model.std(ddof=1), rel=0.02)
    assert found["order of data"].deviation == pytest.approx(data.std(ddof=1), rel=0.05)
    assert found["hash draw"].deviation < 0.05
    assert found["residual"].deviation == pytest.approx(0.5, rel=0.03)
    assert found["initial weights"].p < 1e-6 < found["hash draw"].p


def test_a_seed_that_does_not_vary_has_no_part():
    parts = split_variance(crossed((1, 2, 2), lambda m, d, h: d + h / 2 + d * h), "perplexity")
    assert [part.source for part in parts] == ["order of data", "hash draw", "residual"]


@pytest.mark.parametrize("drop", [[0], [0, 1, 2, 3, 4, 5, 6]])
def test_seeds_that_are_not_crossed_are_refused(drop):
    with pytest.raises(ValueError, match="not each combination"):
        split_variance(crossed((2, 2, 2), lambda m, d, h: m + d).drop(drop), "perplexity")


def test_the_table_says_what_is_there(tmp_path):
    markdown = variance.build(tmp_path, "nano")[1]
    assert "has not run at this scale" in markdown.read_text()
    trials = crossed((2, 2, 2), lambda m, d, h: 100 + m + d / 2 + h / 7 + m * d * h / 50)
    trials = trials.rename(columns={"perplexity": "quality"})
    trials = trials.assign(state="complete", task="text_lm", metric="perplexity", rate=0.2)
    path = tmp_path / "sweeps/variance/trials.csv"
    path.parent.mkdir(parents=True)
    trials.to_csv(path, index=False)
    csv = variance.build(tmp_path, "nano")[0].read_text()
    assert csv.startswith("task,quantity,source,levels,degrees_of_freedom,share,p,component,deviation,trials,mean,")
    assert "text_lm,perplexity,initial weights,2,1," in csv
    first = {path: path.read_bytes() for path in variance.build(tmp_path, "nano")}
    assert {path: path.read_bytes() for path in variance.build(tmp_path, "nano")} == first
    path.write_text(trials.iloc[1:].to_csv(index=False))
    assert "Invalid record" in variance.build(tmp_path, "nano")[1].read_text()
    path.write_text(trials.drop(columns="seeds.hash").to_csv(index=False))
    assert "lacks seeds.hash" in variance.build(tmp_path, "nano")[1].read_text()


def noise(seed):
    random = np.random.default_rng(seed)
    trials = crossed((2, 2, 2), lambda m, d, h: random.normal(100, 1)).rename(columns={"perplexity": "quality"})
    return trials.assign(metric="perplexity", rate=random.normal(0.2, 0.01, 8))


def test_pure_noise_explains_three_sevenths_and_is_no_finding():
    trials = [noise(seed).drop(columns="rate") for seed in range(40)]
    rows = [row for each in trials for row in variance_rows(each) if row.source != "residual"]
    assert 3 * np.mean([row.share for row in rows]) == pytest.approx(3 / 7, abs=0.08)
    assert {row.chance for row in rows} == {1 / 7}
    assert np.mean([row.finding == "above chance" for row in rows]) < 0.05


def test_an_effect_is_above_chance():
    trials = noise(0)
    trials["quality"] += 50 * trials["seeds.model"]
    findings = {row.source: row.finding for row in variance_rows(trials) if row.quantity == "perplexity"}
    assert findings == {
        "initial weights": "above chance",
        "order of data": "not above chance",
        "hash draw": "not above chance",
        "residual": "residual",
    }


def test_runs_that_do_not_beat_frequencies_say_nothing_about_quality():
    trials = noise(0).assign(baseline=50.0)
    rows = variance_rows(trials)
    assert {row.finding for row in rows if row.quantity == "perplexity" and row.source != "residual"} == {
        "says nothing: no run beats the baseline of frequencies"
    }
    assert not any("baseline" in row.finding for row in rows if row.quantity == "rate")
    assert not any("baseline" in row.finding for row in variance_rows(trials.assign(baseline=150.0)))
