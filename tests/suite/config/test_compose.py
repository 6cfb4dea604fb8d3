"""Configurations: all files compose, and bad input is refused in one helpful line."""

import subprocess
import sys

import pytest
import yaml

from suite.config.compose import compose
from suite.config.conf import CONF, GROUPS, choices
from suite.errors import UserError


@pytest.mark.parametrize("scale", choices("scale"))
@pytest.mark.parametrize("method", choices("method"))
def test_every_method_composes_at_every_scale(method: str, scale: str) -> None:
    config = compose([f"method={method}", f"scale={scale}"])
    assert (config.method.name, config.scale.name) == (method, scale)
    assert config.size is config.model.sizes[config.scale.name]
    assert config.training is config.task.training[config.scale.name]


@pytest.mark.parametrize("group", GROUPS)
def test_every_file_is_named_after_what_it_configures(group: str) -> None:
    for name in choices(group):
        assert yaml.safe_load((CONF / group / f"{name}.yaml").read_text())["name"] == name


@pytest.mark.parametrize("scale", choices("scale"))
def test_every_cell_of_every_matrix_composes(scale: str) -> None:
    """Every model with its task, and every method that is asked for; these two do not know of each other."""
    matrix = compose([f"scale={scale}"]).scale.matrix
    for cell in matrix:
        compose([f"model={cell.model}", f"task={cell.task}", f"scale={scale}"])
    for method in {method for cell in matrix for method in cell.methods}:
        assert compose([f"method={method}", f"scale={scale}"]).method.name == method


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        (["method=lhs"], ["method:", "'lhs'", "allowed: bf16,", "did you mean 'lsh'?"]),
        (["scale=nanno"], ["scale:", "mini, nano, paper", "did you mean 'nano'?"]),
        (["model=gpt_mo"], ["model:", "did you mean 'gpt_moe'?"]),
        (["task=text"], ["task:", "text_lm"]),
        (["cluster=loopbak"], ["cluster:", "did you mean 'loopback'?"]),
        (["metho=lsh"], ["'metho'", "did you mean 'method'?"]),
        (["method=lsh", "method.reduction.num_hashs=4"], ["method.reduction", "did you mean 'num_hashes'?"]),
        (["model.sizes.nano.widt=4"], ["model.sizes.nano", "did you mean 'width'?"]),
        (["+model.sizes.nano.widt=4"], ["model.sizes.nano.widt:", "did you mean 'width'?"]),
        (["+task.training.nano.optimizer.learning_rat=4"], ["allowed: betas,", "did you mean 'learning_rate'?"]),
        (["+scale.matrix.0.methodz=[lsh]"], ["scale.matrix"]),
        (["method.reduction.num_hashes=4"], ["method.reduction is not set", "num_hashes"]),
        (["seed=x"], ["seed:", "integer", "'x'"]),
        (["seed=-1"], ["seed:", "-1"]),
        (["seed=0,1"], ["seed:", "one value"]),
        (["seed=${nowhere}"], ["seed:", "nowhere"]),
        (["just words"], ["'just words'", "field=value"]),
        (["cluster.backend=glo"], ["cluster.backend:", "'gloo' or 'nccl'", "did you mean 'gloo'?"]),
        (["cluster.backend=nccl"], ["cluster.backend:", "gloo"]),
        (["cluster.ranks=3"], ["experts: 8 is not divisible by cluster.ranks=3", "multiple of 3"]),
        (["cluster=lab", "cluster.backend=nccl", "cluster.device=cuda"], ["cluster.backend:", "allowed there: gloo"]),
        (["cluster.rate_mbit=100"], ["cluster.rate_mbit:", "network=loopback", "or network=lab"]),
        (["cluster.dense_fabric=shaped"], ["cluster.dense_fabric:", "allowed: open, or network=lab"]),
        (["cluster.network=paced"], ["cluster.rate_mbit:", "network=paced needs one"]),
        (["cluster.ranks=4", "cluster.ranks_per_server=3"], ["cluster.ranks_per_server:", "divisors"]),
        (["model.sizes.nano.top_k=9"], ["model.sizes.nano.top_k: 9", "1 to 8"]),
        (["model.sizes.nano.heads=3"], ["model.sizes.nano.heads: 3", "width=128"]),
        (["task.training.nano.batch_examples=15"], ["task.training.nano.batch_examples: 15", "multiple of 2"]),
        (["~task.training.nano"], ["scale:", "text_lm", "allowed: mini"]),
        (["+method.wire={dtype: bfloat16}"], ["method.wire", "_target_ is missing"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and "=" in value[0] else "",
)
def test_bad_input_is_refused_in_one_helpful_line(overrides: list[str], parts: list[str]) -> None:
    with pytest.raises(UserError) as refused:
        compose(overrides)
    message = str(refused.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_composing_needs_no_torch() -> None:
    code = (
        "import sys; from suite.config.compose import compose; "
        "compose(['method=lsh']); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
