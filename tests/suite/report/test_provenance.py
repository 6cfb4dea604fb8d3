"""What the manifest names for an artifact is what its build opened: an altered record concerns just these artifacts."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.claims import build as claims
from suite.errors import UserError
from suite.figures import build as figures
from suite.figures import canvas
from suite.report import manifest
from suite.report.manifest import covering
from suite.tables import build as tables
from suite.tables import names as table_names
from tests.suite.builders.synthetic import (
    write_ablation,
    write_probe,
    write_run,
    write_sample,
    write_shares,
    write_speed,
)

OF_RUNS = {
    "tables/runs", "tables/kinds", "tables/glue", "tables/imagenet",
    "figures/rate_by_kind", "figures/rate_over_training", "figures/convergence",
}  # fmt: skip
OF_SPEED = {
    "tables/speedup", "tables/savings", "tables/prediction", "tables/kappa_map", "tables/glue",
    "figures/savings", "figures/kappa_map",
}  # fmt: skip
OF_BOTH = {"tables/convergence", "figures/pareto", "figures/time_to_quality"}
OF_ALL = {"claims", "figures/index"}
RUN = "runs/gpt_moe/text_lm/lsh/seed0"
MADE_FROM = {
    f"{RUN}/summary.json": OF_RUNS | OF_BOTH | OF_ALL,
    f"{RUN}/metrics.jsonl": OF_RUNS | OF_BOTH | OF_ALL,
    "speed/loopback/gpt_moe/text_lm.json": OF_SPEED | OF_BOTH | OF_ALL,
    "shares/lab/gpt_moe.json": {"tables/shares", "figures/shares"} | OF_ALL,
    "probe/gpt_moe/text_lm.json": {"tables/gradient_error", "figures/gradient_error", "figures/hash_seeds"}
    | {"figures/pareto"}
    | OF_ALL,
    "probe/gpt_moe/text_lm.npz": {"figures/token_clusters", "figures/index"},
    "sweeps/paper_ablation/trials/1/trial.json": {"tables/ablation", "figures/ablation", "figures/index"},
    "sweeps/paper_ablation/trials.csv": {"claims"},
    "sweeps/variance/trials.csv": {"tables/variance"},
    "data/text_lm.json": set(),
}


# Of no record, and slow.
WITHOUT_RECORDS = ("audit", "extrapolation", "models")


def rebuilt(folder: Path) -> dict[str, bytes]:
    """Tables, and the one figure whose records no table has, by path."""
    paths = tables.build(folder, "nano", [name for name in table_names() if name not in WITHOUT_RECORDS])
    paths += figures.build(folder, ["token_clusters"])
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def write_trials(folder: Path, study: str, rows: list[str]) -> None:
    path = folder / "sweeps" / study / "trials.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "number,state,task,family,num_hashes,rate,metric,seeds.model,seeds.data,seeds.hash,quality"
    path.write_text("\n".join([head, *rows]) + "\n")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Every kind of record once, and everything that is made from them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(canvas, "FORMATS", {"svg": canvas.FORMATS["svg"]})
    folder: Path = tmp_path_factory.mktemp("results") / "nano"
    write_run(folder, "vanilla")
    write_run(folder, "lsh", rate=0.25)
    write_speed(folder, {"vanilla": 2.0, "lsh": 1.0})
    write_shares(folder, {"base": 0.3, "doubled experts": 0.31, "doubled servers": 0.38})
    write_probe(folder, {"vanilla": [0.0], "lsh": [0.1, 0.3]})
    write_sample(folder)
    write_ablation(folder)
    hashes = [f"{n},complete,sst2_like,cross_polytope,{n},{n / 20},accuracy,0,0,0,{n}" for n in (2, 4, 6, 8, 10)]
    write_trials(folder, "paper_ablation", hashes)
    seeds = [(model, data, draw) for model in (0, 1) for data in (0, 1) for draw in (0, 1)]
    lines = [
        f"{n},complete,text_lm,cross_polytope,6,0.2,perplexity,{m},{d},{h},{100 + m + 2 * d + n % 3}"
        for n, (m, d, h) in enumerate(seeds)
    ]
    write_trials(folder, "variance", lines)
    (folder / "data").mkdir()
    (folder / "data/text_lm.json").write_text('[{"name": "reviews"}]\n')
    rebuilt(folder)
    figures.build(folder)
    claims.build(folder, "nano")
    yield folder
    patch.undo()


@pytest.fixture(scope="module")
def entries(results: Path) -> list[dict[str, Any]]:
    """What the manifest says of every artifact."""
    found: list[dict[str, Any]] = manifest.manifest(results, "nano")["artifacts"]
    return found


def made_from(entries: list[dict[str, Any]], record: str) -> set[str]:
    """Artifacts, without their suffixes, whose records hold ``record``; those of studies left out."""
    holding = [e["path"] for e in entries if any(f"{record}/".startswith(f"{path}/") for path in e["records"])]
    return {path.rpartition(".")[0] for path in holding if not path.startswith("sweeps/")}


@pytest.mark.parametrize("record", MADE_FROM)
def test_a_record_is_named_for_just_the_artifacts_that_opened_it(entries: list[dict[str, Any]], record: str) -> None:
    assert made_from(entries, record) == MADE_FROM[record]


def scaled(name: str, factor: float) -> Callable[[Path], None]:
    def alter(path: Path) -> None:
        def change(value: object) -> object:
            if isinstance(value, dict):
                return {k: v * factor if k == name and isinstance(v, float) else change(v) for k, v in value.items()}
            return [change(item) for item in value] if isinstance(value, list) else value

        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    return alter


def another_sample(path: Path) -> None:
    with np.load(path) as file:
        sample = dict(file)
    np.savez_compressed(path, **(sample | {"rows": sample["rows"][:, ::-1] * 2 + 1}))


@pytest.mark.parametrize(
    ("record", "alter"),
    [
        (f"{RUN}/summary.json", scaled("examples_per_second", 2)),
        ("speed/loopback/gpt_moe/text_lm.json", scaled("seconds", 1.5)),
        ("shares/lab/gpt_moe.json", scaled("seconds", 1.5)),
        ("probe/gpt_moe/text_lm.json", scaled("relative_error", 1.5)),
        ("probe/gpt_moe/text_lm.npz", another_sample),
        ("sweeps/variance/trials.csv", lambda path: path.write_text(path.read_text().replace(",101\n", ",105\n"))),
        ("data/text_lm.json", lambda path: path.write_text("[]\n")),
    ],
)
def test_what_changes_with_a_record_names_it(results: Path, record: str, alter: Callable[[Path], None]) -> None:
    path, before = results / record, rebuilt(results)
    kept = path.read_bytes()
    alter(path)
    after = rebuilt(results)
    path.write_bytes(kept)
    changed = {name.rpartition(".")[0] for name in before if before[name] != after[name]}
    assert changed <= MADE_FROM[record]
    assert changed or not MADE_FROM[record]


def test_folders_stand_for_all_records_below_them() -> None:
    known = ["runs/a/seed0/x", "runs/a/seed0/y", "runs/a/seed1/x", "runs/b/seed0/x", "speed/m.json"]
    assert covering(["runs/a/seed0", "runs/a/seed1"], known) == ["runs/a"]
    assert covering(["runs/a/seed0", "runs/a/seed1", "runs/b/seed0"], known) == ["runs"]
    assert covering(["runs/a/seed0/x", "speed/m.json", "elsewhere"], known) == ["runs/a/seed0/x", "speed"]
    assert covering([], known) == []


def test_an_artifact_of_unknown_origin_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/speedup.csv").write_text("")
    with pytest.raises(UserError, match=r"nothing says what .*speedup\.csv was made from; build it anew"):
        manifest.build(tmp_path, "nano")
