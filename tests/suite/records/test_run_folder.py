"""A run's folder: when it may be begun, resumed or left alone, and what it keeps."""

import json
from pathlib import Path
from typing import Any

import pytest

from suite.config.compose import compose
from suite.config.run import RunConfig
from suite.errors import UserError
from suite.records.run_folder import RunFolder, identity
from suite.records.schema.metrics import EvalLine
from tests.suite.builders.synthetic import made_up_summary, train_line


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return compose(["method=lsh", f"results={tmp_path}"])


@pytest.fixture
def folder(config: RunConfig) -> RunFolder:
    folder = RunFolder.of(config)
    with folder.held():
        assert not folder.begin(config)
    return folder


def train_lines(folder: RunFolder) -> list[Any]:
    return [line.step for line in folder.read_metrics()]


def test_a_complete_run_is_left_alone_and_any_other_is_tried_again(folder: RunFolder, config: RunConfig) -> None:
    folder.failure.write_text('{"reason": "rank 1: it broke"}')
    assert not folder.begin(config)

    folder.finish(made_up_summary(config))
    assert json.loads(folder.summary.read_text())["status"] == "complete"
    assert folder.begin(config)

    folder.summary.write_text(folder.summary.read_text()[:40])
    assert not folder.begin(config), "half a summary is no result"


def test_a_summary_says_which_run_it_is(config: RunConfig) -> None:
    named = identity(config)
    assert [named[name] for name in ("model", "task", "method", "seed", "scale", "cluster")] == [
        "gpt_moe", "text_lm", "lsh", 0, "nano", "loopback",
    ]  # fmt: skip
    assert made_up_summary(config, **named).seeds.hash == 0


def test_a_summary_of_another_version_is_refused_with_the_remedy(folder: RunFolder, config: RunConfig) -> None:
    folder.finish(made_up_summary(config))
    assert folder.read_summary().method == "lsh"
    folder.summary.write_text(folder.summary.read_text().replace('"schema": 3', '"schema": 2'))
    with pytest.raises(UserError, match=r"schema 2, this version reads 3; remove that folder"):
        folder.read_summary()


@pytest.mark.parametrize("what", ["checkpoint", "result"])
def test_another_configuration_is_refused_once_there_is_something_to_lose(
    folder: RunFolder, config: RunConfig, what: str
) -> None:
    other = compose(["method=lsh", "method.reduction.num_hashes=3", f"results={config.results}"])
    assert not folder.begin(other), "nothing was lost by beginning differently"
    folder.begin(config)
    if what == "checkpoint":
        (folder.checkpoints / "step000004").mkdir(parents=True)
    else:
        folder.finish(made_up_summary(config))
    with pytest.raises(UserError, match="begun with another configuration; remove that folder"):
        folder.begin(other)
    folder.begin(config)
    folder.config.unlink()
    with pytest.raises(UserError, match="another configuration"):
        folder.begin(config)


def test_two_processes_cannot_run_in_one_folder(folder: RunFolder) -> None:
    with folder.held(), pytest.raises(UserError, match=r"another process is running .*seed0; wait"), folder.held():
        pass
    with folder.held():
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = RunFolder.of(compose([f"results={tmp_path / 'file'}"]))
    with (
        pytest.raises(UserError, match=r"results: .*cannot be written .Not a directory.; choose results="),
        folder.held(),
    ):
        pass


def test_metrics_are_cut_back_to_the_step_to_resume_from(folder: RunFolder) -> None:
    for step in range(1, 6):
        folder.append(train_line(step))
    folder.append(EvalLine(step=3))
    with folder.metrics.open("a") as file:
        file.write('{"event": "train", "st')  # the process was killed here
    folder.rewind(3)
    assert train_lines(folder) == [1, 2, 3, 3]
    folder.rewind(0)
    assert train_lines(folder) == []


def test_numbers_that_json_does_not_know_are_refused(folder: RunFolder) -> None:
    with pytest.raises(ValueError, match="finite number"):
        folder.append(train_line(1, loss=float("nan")))
    assert not folder.metrics.exists() or folder.metrics.read_text() == ""
