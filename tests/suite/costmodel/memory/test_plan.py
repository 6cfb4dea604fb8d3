"""The memory plan as a user meets it."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from suite.config.compose import compose
from suite.config.hardware import hardware
from suite.costmodel.memory.model import MemoryModel
from suite.costmodel.memory.plan import fewest, fits, possible_ranks, show
from tests.program import lshmoe_bench

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def model():
    return MemoryModel(compose(["scale=paper", "cluster.ranks=16"]))


def test_the_fewest_gpus_fit_and_one_step_fewer_do_not(model):
    ranks = possible_ranks(model.config)
    for gpu in hardware().values():
        least = fewest(model, gpu)
        assert least is not None and fits(model.at(least), gpu)
        assert not fits(model.at(ranks[ranks.index(least) - 1]), gpu)


def test_larger_gpus_are_needed_in_smaller_numbers(model):
    needed = [fewest(model, gpu) for gpu in sorted(hardware().values(), key=lambda gpu: -gpu.memory)]
    assert needed == sorted(needed)


def test_the_plan_names_every_gpu_and_says_that_nobody_has_run_it(model):
    printed = io.StringIO()
    show(model, Console(width=110, file=printed))
    text = " ".join(printed.getvalue().split())
    assert all(gpu.title in text for gpu in hardware().values())
    assert "nobody has run this on a GPU" in text


def test_bad_input_is_one_line_and_exit_code_2():
    done = lshmoe_bench("plan", "scale=paper", "cluster.ranks=3", cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr.startswith("error: model.sizes.paper.experts: 512 is not divisible by cluster.ranks=3")
    assert done.stderr.count("\n") == 1
