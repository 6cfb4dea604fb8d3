"""Models of transformers send their tokens through this library, with the numbers of their own way to the experts."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM

from tests.lshmoe import transformers_jobs as jobs
from tests.ranks import run_ranks

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small random model of each architecture."""
    path = str(tmp_path_factory.mktemp("models"))
    jobs.save_small_models(path)
    return path


def assert_equal(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    assert len(ours) > 10
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-5, atol=1e-6, msg=lambda text, at=name: f"{at}: {text}")


def test_vanilla_equals_their_all_to_all_in_outputs_and_all_gradients(folder: str) -> None:
    for by_architecture in run_ranks(2, jobs.compare_ways, folder):
        for theirs, ours in by_architecture.values():
            assert_equal(ours, theirs)


@pytest.fixture(scope="module")
def ranks(folder: str) -> list[dict[str, Any]]:
    """What two ranks found with LSH."""
    return run_ranks(2, jobs.cluster_on_two_ranks_and_on_one, f"{folder}/olmoe")


def test_lsh_equals_one_process_that_clusters_the_same_rows(ranks: list[dict[str, Any]]) -> None:
    for rank in ranks:
        assert 0 < rank["rate"] < 0.8
        assert_equal(rank["spread"], rank["alone"])


def test_evaluation_sends_all_rows(ranks: list[dict[str, Any]]) -> None:
    for rank in ranks:
        torch.testing.assert_close(rank["evaluated"], rank["exact"])


def test_what_cannot_be_done_is_refused_in_one_line(ranks: list[dict[str, Any]]) -> None:
    for rank in ranks:
        learns, shares = rank["said"]
        assert learns == "reduction: has parameters, which no optimizer of the model would train; take a fixed one"
        assert shares == "tp_size: lshmoe needs 1, got 2; shard dense layers by fsdp_size instead"


def test_example_trains_on_two_ranks_and_saves(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    line = [*run, str(CHECKOUT / "examples" / "train_transformers.py"), str(CHECKOUT / "README.md"), str(tmp_path)]
    done = subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", done.stdout)]
    assert len(losses) == 8
    assert losses[-1] < losses[0] - 1
    first, last = (AutoModelForCausalLM.from_pretrained(tmp_path / name) for name in ("start", "trained"))
    assert not torch.equal(first.model.layers[0].mlp.experts.down_proj, last.model.layers[0].mlp.experts.down_proj)
    text = torch.tensor([list((CHECKOUT / "README.md").read_bytes()[:64])])
    with torch.no_grad():
        assert last(input_ids=text, labels=text).loss < first(input_ids=text, labels=text).loss - 1


@pytest.mark.parametrize("name", ["fairseq-fixed", "transformers"])
def test_docs_name_the_versions_that_these_tests_run_with(name: str) -> None:
    pages = (CHECKOUT / "docs" / "plugins.md").read_text()
    locked = "".join((CHECKOUT / "requirements" / file).read_text() for file in ("lock.txt", "source.txt"))
    (version,) = re.findall(rf"^{name}==([\w.]+)", locked, re.MULTILINE)
    assert f"| {name} | {version} |" in pages
