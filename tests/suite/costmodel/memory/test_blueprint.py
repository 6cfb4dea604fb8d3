"""Models of the paper's sizes are built in megabytes, and exactly as runs build them."""

import psutil
import pytest
import torch

from lshmoe import is_expert
from suite.analysis.models import made_up_inputs
from suite.cluster.member import ALONE, Member
from suite.config.compose import compose
from suite.config.conf import choices
from suite.config.model import TransformerSize
from suite.config.paper.table1 import table1
from suite.costmodel.memory.blueprint import as_shapes, blueprint
from suite.tasks import build_task
from suite.tasks.task import TextInputs
from suite.training.trainer import build_model


def shapes(model):
    return {name: tuple(p.shape) for name, p in model.named_parameters()}


def made_up(*overrides):
    config = compose(overrides)
    task = build_task(config)
    task.make_up_data()
    return config, task


def test_52_billion_parameters_take_megabytes():
    (row,) = [row for row in table1().rows if row.model == "gpt_moe_52b"]
    size = TransformerSize(
        shape="transformer", layers=24, width=1024, ffn=4096, heads=16, experts=512, top_k=2, moe_every=2, dropout=0.1
    )
    inputs = made_up_inputs(row.inputs)
    blueprint("suite.hosts.gpt_moe", size.model_copy(update={"layers": 2}), inputs)  # imports the host's library
    before = psutil.Process().memory_info().rss
    model = blueprint("suite.hosts.gpt_moe", size, inputs)
    assert sum(p.numel() for p in model.parameters()) > 51e9
    assert psutil.Process().memory_info().rss - before < 100e6


@pytest.mark.parametrize("method", choices("method"))
def test_a_run_s_model_builds_as_shapes_whatever_the_method(method):
    config, task = made_up(f"method={method}", "scale=paper")
    with as_shapes():
        model = build_model(config, task, Member(torch.device("meta")))
    assert all(tensor.is_meta for tensor in (*model.parameters(), *model.buffers()))


def test_a_blueprint_has_the_shapes_of_the_real_model():
    config, task = made_up()
    assert shapes(blueprint(config.model.host, config.size, task.inputs)) == shapes(build_model(config, task, ALONE))


def test_a_rank_holds_its_share_of_the_experts_alone():
    config, task = made_up()
    whole, quarter = (blueprint(config.model.host, config.size, task.inputs, ranks) for ranks in (1, 4))
    for (name, all_of_it), (_, part) in zip(whole.named_parameters(), quarter.named_parameters(), strict=True):
        assert part.numel() * (4 if is_expert(part) else 1) == all_of_it.numel(), name


def test_made_up_text_has_the_configured_vocabulary():
    _, task = made_up("scale=paper", "task.training.paper.inputs.vocabulary=50257")
    assert isinstance(task.inputs, TextInputs)
    assert len(task.inputs.dictionary) == 50257
    assert task.train_batch(0, 0, 512).inputs["tokens_BT"].shape == (1, 1024)
