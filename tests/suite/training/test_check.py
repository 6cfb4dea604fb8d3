"""Checks before any rank starts: the task's own options, and the weights to start from."""

from pathlib import Path
from typing import Any

import pytest

from suite.config.compose import compose
from suite.config.validation import to_yaml
from suite.errors import UserError
from suite.measurement.speed import measure
from suite.records.run_folder import RunFolder
from suite.training.check import check, check_start
from tests.suite.builders.synthetic import made_up_summary

RUN = ["model=gpt_moe", "task=sst2_like"]


class Described:
    """A task that is known by its data record."""

    def __init__(self, tokenizer: str) -> None:
        self.tokenizer = tokenizer

    def data_record(self) -> list[dict[str, Any]]:
        return [{"name": "made up", "prepared": {"files": {"tokenizer.json": self.tokenizer}}}]


def finish_pretraining(results: Path, *overrides: str) -> None:
    earlier = compose(["model=gpt_moe", "task=text_lm", f"results={results}", *overrides])
    folder = RunFolder.of(earlier)
    folder.path.mkdir(parents=True)
    folder.config.write_text(to_yaml(earlier))
    folder.finish(made_up_summary(earlier, data=Described("abc").data_record()))


def test_the_same_tokens_are_accepted(tmp_path: Path) -> None:
    finish_pretraining(tmp_path)
    check_start(compose([*RUN, f"results={tmp_path}"]), Described("abc"))


def test_weights_may_come_from_another_folder_and_seed(tmp_path: Path) -> None:
    finish_pretraining(tmp_path / "earlier")
    own = [*RUN, f"results={tmp_path}", "seed=5"]
    check_start(compose([*own, f"origin.results={tmp_path / 'earlier'}", "origin.seed=0"]), Described("abc"))
    with pytest.raises(UserError, match="text_lm/vanilla/seed5 holds no finished run"):
        check_start(compose([*own, f"origin.results={tmp_path / 'earlier'}"]), Described("abc"))


def test_another_tokenizer_is_refused(tmp_path: Path) -> None:
    finish_pretraining(tmp_path)
    with pytest.raises(
        UserError, match=r"task.starts_from: .*text_lm/vanilla/seed0 was trained with another tokenizer"
    ):
        check_start(compose([*RUN, f"results={tmp_path}"]), Described("xyz"))


def test_another_context_is_refused(tmp_path: Path) -> None:
    finish_pretraining(tmp_path, "task.training.nano.inputs.context=64")
    with pytest.raises(UserError, match=r"nano.inputs.context: 128, but .* was trained with 64; set it to that"):
        check_start(compose([*RUN, f"results={tmp_path}"]), Described("abc"))


def test_an_unfinished_run_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"make it by: lshmoe-bench train model=gpt_moe task=text_lm method=vanilla"):
        check_start(compose([*RUN, f"results={tmp_path}"]), Described("abc"))


def test_a_task_that_only_evaluates_has_no_step_time(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="sst2_like_zero_shot only evaluates"):
        measure(["model=t5_moe", "task=sst2_like_zero_shot", f"results={tmp_path}"])


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("task.training.nano.inputs.vocabulary=100", ["inputs.vocabulary:", "260"]),
        ("+task.training.nano.inputs.contxt=100", ["inputs.contxt: unknown field", "did you mean 'context'?"]),
        ("+task.data.source=[sotu]", ["task.data.source: unknown field", "did you mean 'sources'?"]),
        ("model.host=suite.hosts.gpt_mo", ["model.host:", "cannot be loaded"]),
    ],
)
def test_a_wrong_option_is_refused(override: str, parts: list[str]) -> None:
    with pytest.raises(UserError) as refused:
        check(compose([override]))
    assert all(part in str(refused.value) for part in parts), refused.value
