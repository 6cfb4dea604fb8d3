"""Worlds whose truth is known: the verdict on equal quality is right in at least 95 % of draws."""

from types import SimpleNamespace

import numpy as np
import pytest

from suite.claims import quality
from suite.claims.cell import Cell
from suite.claims.finding import INSENSITIVE, NOT_SUPPORTED, SUPPORTED, UNDERPOWERED
from suite.config.registration import registration

SEEDS, DRAWS, MARGIN = 8, 200, registration().margin("accuracy")
BYTES = {"vanilla": 2.0, "lsh": 0.2, "random": 0.2}


def run(method, seed, value):
    metric = SimpleNamespace(name="accuracy", higher_is_better=True)
    evals = {"accuracy": SimpleNamespace(iloc=[value])}
    summary = SimpleNamespace(metric=metric, relative_bytes=BYTES[method], final={"accuracy": value})
    return SimpleNamespace(method=method, seed=seed, metric="accuracy", evals=evals, summary=summary)


def drawn(rng, worse, deviation, control_worse):
    """The verdict on a cell whose method and control lie below vanilla by these multiples of the margin."""
    base = rng.normal(0.8, 0.01, SEEDS)
    values = {
        "vanilla": base,
        "lsh": base - worse * MARGIN + rng.normal(0, deviation * MARGIN, SEEDS),
        "random": base - control_worse * MARGIN + rng.normal(0, deviation * MARGIN, SEEDS),
    }
    runs = {name: [run(name, seed, value) for seed, value in enumerate(of)] for name, of in values.items()}
    bench = SimpleNamespace(trained=lambda place, name: runs.get(name, []), paths=lambda *runs: [])
    found = Cell(bench, None, "lsh", "vanilla", runs["lsh"], runs["vanilla"], SimpleNamespace(seeds=SEEDS))
    differences = found.differences()
    verdict, *_ = quality._same(found, quality.compare_paired(differences, found.margin), found.power(differences))
    return verdict


@pytest.mark.parametrize(
    ("worse", "deviation", "control_worse", "expected"),
    [
        (0, 0.3, 5, SUPPORTED),
        (2, 0.3, 5, NOT_SUPPORTED),
        (0, 3.0, 5, UNDERPOWERED),
        (0, 0.3, 0, INSENSITIVE),
    ],
    ids=["equal", "worse by twice the margin", "noisy", "equal, and so is the control"],
)
def test_a_known_world_gets_the_right_verdict(worse, deviation, control_worse, expected):
    rng = np.random.default_rng(0)
    right = sum(drawn(rng, worse, deviation, control_worse) == expected for _ in range(DRAWS))
    assert right >= 0.95 * DRAWS
