"""Configurations: all files compose, bad input is refused in one helpful line, records round-trip."""

import copy
import itertools
import subprocess
import sys

import pytest
import yaml

from suite.config.compose import compose
from suite.config.conf import CONF, GROUPS, choices
from suite.config.digest import config_sha256
from suite.config.run import RunConfig
from suite.config.validation import from_yaml, to_yaml, validate
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


def test_every_misspelt_field_is_refused_with_the_nearest_name() -> None:
    """Misspell every field of the composed default configuration, one at a time, wherever it lies."""
    plain = compose(["method=lsh"]).model_dump(mode="json")

    def misspellings(node: object, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
        if isinstance(node, list):
            return [found for i, item in enumerate(node) for found in misspellings(item, (*path, i))]
        # What a component, or the task's class, validates is not this schema's.
        if not isinstance(node, dict) or "_target_" in node or path[-1:] in (("data",), ("inputs",)):
            return []
        inner = [found for key, value in node.items() for found in misspellings(value, (*path, key))]
        return inner + [(*path, key) for key in node]

    paths = [path for path in misspellings(plain, ()) if path[-1] not in ("nano", "mini", "paper")]
    assert len(paths) > 60
    for path in paths:
        values = copy.deepcopy(plain)
        node = values
        for key in path[:-1]:
            node = node[key]
        node[f"{path[-1]}x"] = node[path[-1]]
        with pytest.raises(UserError, match=f"did you mean '{path[-1]}'"):
            validate(values)


def test_a_record_reads_back_as_the_same_configuration() -> None:
    config = compose(["method=lsh_fp8", "seed=3", "cluster.ranks=4"])
    assert from_yaml(to_yaml(config)) == config
    with pytest.raises(UserError, match=r"config\.yaml: not valid YAML"):
        from_yaml("a: [1")


def test_the_digest_covers_what_decides_the_numbers_and_nothing_else() -> None:
    plain = config_sha256(compose(["method=lsh"]))
    for same in (
        ["results=elsewhere"],
        ["origin.results=elsewhere"],
        ["model.sizes.mini.width=96"],
        ["scale.seeds=[0,1,2,3]"],
    ):
        assert config_sha256(compose(["method=lsh", *same])) == plain
    changes = [
        ["seed=1"],
        ["seeds.model=1"],
        ["seeds.data=1"],
        ["seeds.hash=1"],
        ["origin.seed=1"],
        ["model.sizes.nano.width=64"],
        ["task.training.nano.steps=7"],
        ["task.data.held_out=0.1"],
        ["method.reduction.num_hashes=4"],
        ["cluster.ranks=4"],
        ["scale=mini"],
    ]
    digests = [config_sha256(compose(["method=lsh", *change])) for change in changes]
    assert plain not in digests
    assert all(a != b for a, b in itertools.combinations(digests, 2))


def test_a_stream_of_randomness_follows_its_own_seed_or_else_the_root() -> None:
    config = compose(["seed=3", "seeds.data=7"])
    assert [config.root_seed(stream) for stream in ("model", "data", "hash")] == [3, 7, 3]
    earlier = config.model_dump(mode="json", exclude={"seeds", "origin"})
    assert validate(earlier).root_seed("data") == 3  # a record from before there were such seeds


def test_paper_scale_is_table_1() -> None:
    size = compose(["scale=paper"]).size
    assert (size.layers, size.width, size.ffn, size.experts, size.top_k) == (12, 768, 3072, 512, 2)
    moe_parameters = size.layers // size.moe_every * size.experts * 2 * size.width * size.ffn
    assert moe_parameters == pytest.approx(14_507e6, rel=2e-3)


def test_composing_needs_no_torch() -> None:
    code = "import sys; from suite.config.compose import compose; compose(['method=lsh']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_configuration_cannot_be_changed() -> None:
    config: RunConfig = compose()
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 1
