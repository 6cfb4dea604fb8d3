"""What is confirmed: the winners, as they were trained, and vanilla beside them."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from suite.config.compose import compose
from suite.records.schema.trial import Matched
from sweeps.candidates import candidates, confirmation_overrides
from sweeps.folder import StudyFolder
from tests.suite.builders.synthetic import write_trial
from tests.sweeps.made_up import study


def won(results: Path, made: Any, setting: dict[str, Any], matched: dict[str, Any] | None) -> StudyFolder:
    """A study's folder in which trial 4 is the best at two targets and none is at the third."""
    folder = StudyFolder(results, "nano", made.name)
    (folder.trials / "4").mkdir(parents=True)
    write_trial(folder.trials / "4", 4, setting, matched and Matched(**matched))
    table = {"task": ["text_lm"] * 3, "target": [0.2, 0.15, 0.1], "number": [4, 4, None]}
    pd.DataFrame(table).to_csv(folder.path / "best.csv", index=False)
    return folder


@pytest.mark.parametrize(
    ("family", "chosen"), [("cross_polytope", {"coordinates": 32}), ("spherical_plane", {"planes": 3})]
)
def test_a_matched_trial_is_confirmed_with_the_functions_and_buckets_it_had(
    tmp_path: Path, family: str, chosen: dict[str, int]
) -> None:
    made = study(confirmation={"seeds": [1]})
    setting = {"family": family, "target_rate": 0.2, "task": "text_lm"}
    matched = {"family": family, "num_hashes": 2, **chosen, "expected_rate": 0.19}
    _, winner = candidates(made, won(tmp_path, made, setting, matched))
    config = compose(confirmation_overrides(made, winner, seed=1))
    assert config.method.reduction is not None
    assert config.seed == 1
    assert config.method.reduction.items() >= ({"family": family, "num_hashes": 2} | chosen).items()


def test_winners_are_confirmed_once_and_vanilla_only_if_asked_for(tmp_path: Path) -> None:
    made = study(confirmation={"seeds": [1, 2]})
    folder = won(tmp_path, made, {"num_hashes": 3}, None)
    assert [found.name for found in candidates(made, folder)] == ["vanilla-text_lm", "trial4"]
    alone = study(confirmation={"seeds": [1, 2], "vanilla": False})
    assert [found.name for found in candidates(alone, folder)] == ["trial4"]
    assert candidates(study(confirmation={"seeds": []}), folder) == []
