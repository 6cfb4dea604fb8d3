"""The memory plan against real runs that are small enough to have one."""

import pytest
import torch

from lshmoe import moe_layers
from suite.cluster.member import ALONE
from suite.config.compose import compose
from suite.costmodel.memory.activations import SavedTensors, measure_activations, saved_bytes
from suite.costmodel.memory.model import MemoryModel
from suite.tasks import build_task
from suite.tasks.task import summed_loss
from suite.training.trainer import build_model

TOLERANCE = 0.15  # fixed before measuring


def made_up(*overrides):
    config = compose(["model.sizes.nano.dropout=0.1", *overrides])
    task = build_task(config)
    task.make_up_data()
    return config, task


def forward(config, task, model):
    batch = task.train_batch(0)
    with torch.autocast("cpu", torch.bfloat16, enabled=config.training.precision == "bfloat16"):
        logits = model(**batch.inputs)
    total, _ = summed_loss(logits, batch.targets)
    return total + sum(layer.balance_loss for layer in moe_layers(model))


@pytest.mark.parametrize(
    ("model", "task", "precision"),
    [
        ("gpt_moe", "text_lm", "float32"),
        ("gpt_moe", "text_lm", "bfloat16"),
        ("roberta_moe", "text_mlm", "bfloat16"),
        ("t5_moe", "text_span", "bfloat16"),
    ],
)
def test_activations_are_those_of_a_real_forward_pass(model, task, precision):
    config, task = made_up(f"model={model}", f"task={task}", f"task.training.nano.precision={precision}")
    model = build_model(config, task, ALONE)
    with SavedTensors(model.parameters()) as saved:
        forward(config, task, model)
    planned = measure_activations(config, task).at(config.training.batch_examples, config.size.experts)
    assert saved.bytes > 1e7
    assert planned == pytest.approx(saved.bytes, rel=TOLERANCE)


def test_activations_of_other_ranks_follow_from_three():
    config, task = made_up("task.training.nano.precision=bfloat16")
    measured = measure_activations(config, task)
    assert measured.at(4, 4) == pytest.approx(saved_bytes(config, task, examples=4, ranks=2), rel=0.01)


def test_weights_gradients_and_moments_are_those_of_a_real_step():
    config, task = made_up()
    model = build_model(config, task, ALONE)
    optimizer = torch.optim.AdamW(model.parameters())
    forward(config, task, model).backward()
    optimizer.step()
    memory = MemoryModel(config).at(1)
    assert memory.dense + memory.experts == sum(p.nbytes for p in model.parameters())
    assert memory.gradients == sum(p.grad.nbytes for p in model.parameters())
    moments = [state[name] for state in optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
    assert memory.optimizer == sum(moment.nbytes for moment in moments)


def test_experts_and_examples_are_shared_by_ranks_and_dense_weights_are_not():
    model = MemoryModel(made_up()[0])
    two, four = model.at(2), model.at(4)
    assert four.dense == two.dense == two.buckets
    assert four.experts == two.experts / 2
    assert four.activations == pytest.approx(two.activations / 2, rel=0.01)
    assert model.at(1).buckets == 0
