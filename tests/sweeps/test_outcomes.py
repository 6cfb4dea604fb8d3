"""From trials to tables: states, fronts, importance and the best settings, on made-up trials."""

from pathlib import Path

import optuna
import pandas as pd
import pytest

from sweeps.collect import collect
from sweeps.outcomes import best, front
from sweeps.report import report
from sweeps.trial import Outcome, relative_step_time
from sweeps.work import work
from tests.sweeps.made_up import created, known, study


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "gp"])
def test_a_study_ends_in_tables_whoever_samples(tmp_path: Path, sampler: str) -> None:
    folder = created(tmp_path, sampler=sampler, trials=14)

    def run(made, where, slot, point):  # type: ignore[no-untyped-def]
        if slot == 5:
            return Outcome([float("inf"), float("inf")], {"diverged": "FloatingPointError: the loss is nan"})
        return known(made, where, slot, point)

    assert work(folder, run=run).settled == 14
    collect(folder)
    trials = pd.read_csv(folder.path / "trials.csv")
    assert list(trials["state"]) == ["complete"] * 3 + ["failed", "complete", "diverged"] + ["complete"] * 8
    assert trials.loc[3, "reason"] == "rank 1 was killed by SIGKILL"
    pareto = pd.read_csv(folder.path / "pareto.csv")
    assert not {3, 5} & set(pareto["number"])
    importance = pd.read_csv(folder.path / "importance.csv")
    assert importance.groupby("objective")["importance"].sum().tolist() == pytest.approx([1, 1])
    rotation = importance.loc[importance["parameter"] == "rotation", "importance"]
    assert (rotation < importance["importance"].max()).all()


def test_what_a_target_rate_chose_is_in_the_tables_and_vanilla_has_no_part_in_importance(tmp_path: Path) -> None:
    families = ["cross_polytope", "spherical_plane"]
    grid = [{"method": "vanilla"}, {"family": families[0], "num_hashes": [2, 6]}]
    grid.append({"family": families, "target_rate": 0.2})
    folder = created(tmp_path, sampler="grid", trials=None, space={}, grid=grid)

    def run(made, where, slot, point):  # type: ignore[no-untyped-def]
        chosen = {"num_hashes": 4, "bucket_bits": 3} if "target_rate" in point else {}
        values = {"quality": 100.0 - slot, "relative_bytes": (chosen | point).get("num_hashes", 12) / 12}
        return Outcome(list(values.values()), values | chosen)

    work(folder, run=run)
    collect(folder)
    trials = pd.read_csv(folder.path / "trials.csv")
    assert trials["num_hashes"].fillna(0).tolist() == [0, 2, 6, 4, 4]
    assert trials["bucket_bits"].fillna(0).tolist() == [0, 0, 0, 3, 3]
    importance = pd.read_csv(folder.path / "importance.csv")
    assert set(importance["parameter"]) == {"family", "num_hashes"}
    sizes = importance[importance["objective"] == "relative_bytes"].set_index("parameter")["importance"]
    assert sizes["num_hashes"] > sizes["family"]


def test_an_objective_that_never_varies_has_no_importance(tmp_path: Path) -> None:
    folder = created(tmp_path, sampler="grid", trials=None, space={}, grid=[{"num_hashes": [1, 2, 3, 4, 5, 6]}])

    def run(made, where, slot, point):  # type: ignore[no-untyped-def]
        return Outcome([0.5, slot / 6], {"quality": 0.5, "relative_bytes": slot / 6})

    work(folder, run=run)
    collect(folder)
    assert set(pd.read_csv(folder.path / "importance.csv")["objective"]) == {"relative_bytes"}


def frame(*rows: tuple[float, float, str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "number": number,
                "state": "complete",
                "task": "text_lm",
                "method": method,
                "quality": quality,
                "relative_bytes": size,
                "rate": size / 2,
                **dict.fromkeys(("metric", "relative_step_time", "mean_step_seconds")),
                **dict.fromkeys(("num_hashes", "bucket_bits", "rotation"), 1),
            }
            for number, (quality, size, method) in enumerate(rows)
        ]
    )


def test_the_front_holds_what_nothing_beats() -> None:
    trials = frame((9, 0.1, None), (8, 0.2, None), (9, 0.2, None), (7, 0.9, None), (7, 0.9, None))
    assert list(front(study(), trials, rises=False)["number"]) == [0, 1, 3, 4]
    assert list(front(study(), trials, rises=True)["number"]) == [0]


def test_the_best_setting_stays_within_its_target_and_is_no_other_method() -> None:
    trials = frame((9, 0.1, None), (8, 0.2, None), (7, 0.9, None), (1, 0.1, "vanilla"))
    assert list(best(study(), trials, rises=False)["number"].fillna(-1)) == [1, 0, 0]  # 20, 15, 10 %
    assert list(best(study(), frame((9, 0.5, None)), rises=False)["number"].fillna(-1)) == [-1, -1, -1]
    of_rate = study(confirmation={"seeds": [], "target_of": "rate"})
    assert list(best(of_rate, trials, rises=False)["number"]) == [1, 1, 1]


def test_relative_step_time_is_the_bound_at_the_study_s_kappa() -> None:
    made = study(objectives=["quality", "relative_step_time"], kappa=1.0)
    assert relative_step_time(2.0, made) == pytest.approx(1)  # plain float32 rows: vanilla's own bytes
    assert relative_step_time(0.2, made) == pytest.approx(1 - 0.5 * 0.9)


def test_a_report_says_what_was_found_and_draws_it(tmp_path: Path) -> None:
    folder = created(tmp_path)
    work(folder, run=known)
    collect(folder)
    report(folder)
    text = (folder.path / "report.md").read_text()
    assert "7 complete, 1 failed" in text and "rank 1 was killed by SIGKILL" in text
    assert {path.name for path in folder.figures.iterdir()} == {
        f"{name}.{suffix}" for name in ("front", "importance", "history") for suffix in ("svg", "pdf", "png")
    }
    first = {path.name: path.read_bytes() for path in folder.path.glob("*.csv")}
    collect(folder)
    report(folder)
    assert {path.name: path.read_bytes() for path in folder.path.glob("*.csv")} == first


def test_trials_do_not_depend_on_which_worker_draws_them(tmp_path: Path) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    tables = []
    for name, per_call in (("one", None), ("many", 1)):
        folder = created(tmp_path / name)
        while work(folder, trials=per_call, run=known).waiting:
            pass
        collect(folder)
        tables.append((folder.path / "trials.csv").read_text())
    assert tables[0] == tables[1]
