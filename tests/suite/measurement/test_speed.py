import json

import pytest

from suite.config.compose import compose
from suite.config.validation import to_yaml
from suite.costmodel.paper import share
from suite.costmodel.targets import kappa_target
from suite.errors import UserError
from suite.measurement.speed import measure, parse
from suite.measurement.speed_worker import standing_still
from suite.records.evidence import read_evidence
from suite.records.run_folder import RunFolder


def names(plan):
    return [config.method.name for config in plan.configs]


def test_the_reference_comes_first_and_vanilla_beside_it_whatever_was_asked_for():
    plan = parse(["methods=[lsh,fp8]"])
    assert names(plan) == ["bf16", "vanilla", "lsh", "fp8"]
    assert (plan.reference.method.name, plan.vanilla.method.name) == ("bf16", "vanilla")
    assert names(parse(["methods=lsh,vanilla"])) == ["bf16", "vanilla", "lsh"]


def test_where_rows_are_16_bit_vanilla_is_the_reference():
    half = "task.training.nano.precision=bfloat16"
    plan = parse(["methods=[lsh]", half])
    assert names(plan) == ["vanilla", "lsh"] and plan.reference is plan.vanilla
    with pytest.raises(UserError, match="methods: vanilla and bf16 are one wire where rows are 16-bit; leave out bf16"):
        parse(["methods=[lsh,bf16]", half])


def test_a_link_is_set_for_a_share_or_for_a_cluster_by_its_data_sheet():
    plan = parse(["methods=[lsh]", "shares=[0.3,gpt_moe_a100_4x8]"])
    assert list(plan.shares) == ["30", "gpt_moe_a100_4x8"]
    assert plan.shares["30"] == 0.3
    assert plan.shares["gpt_moe_a100_4x8"] == pytest.approx(share(kappa_target("gpt_moe_a100_4x8").kappa))


def test_the_default_is_the_scale_s_matrix():
    assert names(parse(["scale=nano"])) == [
        "bf16",
        "vanilla",
        "lsh",
        "lsh_no_compensation",
        "int8",
        "lsh_fp8",
        "random",
    ]


def test_a_recorded_run_is_measured_with_its_own_settings(tmp_path):
    trained = compose(["method=random", "method.reduction.rate=[[0,0.9],[80,0.37]]", f"results={tmp_path}"])
    folder = RunFolder.of(trained)
    folder.path.mkdir(parents=True)
    folder.config.write_text(to_yaml(trained))
    plan = parse(["methods=[random,lsh]", f"results={tmp_path}"])
    assert plan.configs[2].method.reduction["rate"] == 0.37
    assert plan.record == tmp_path / "nano/speed/loopback/gpt_moe/text_lm.json"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["methods=[lsg]"], "method: unknown 'lsg'.*did you mean 'lsh'"),
        (["method=lsh"], r"write methods=\[vanilla,lsh\]"),
        (["modl=gpt_moe"], "modl"),
        (["shares=[1.3]"], "shares: '1.3' is no share of all-to-all"),
        (["shares=[gpt_moe_a100_4x9]"], "shares: unknown 'gpt_moe_a100_4x9'.*did you mean 'gpt_moe_a100_4x8'"),
        (["scale.measurement.blocks=1", "methods=[lsh]"], "blocks: an interval needs at least 2"),
    ],
)
def test_bad_input_is_refused_before_any_rank_starts(tmp_path, arguments, message):
    with pytest.raises(UserError, match=message):
        measure([*arguments, f"results={tmp_path}"])


def test_standing_still_changes_the_learning_rate_alone():
    config = compose(["method=lsh"])
    still = standing_still(config)
    assert still.training.optimizer.learning_rate == 0
    assert still.training.optimizer.model_copy(update={"learning_rate": config.training.optimizer.learning_rate}) == (
        config.training.optimizer
    )
    assert still.method == config.method
    assert config.training.optimizer.learning_rate > 0


SMALL = [
    "model.sizes.nano.layers=2",
    "model.sizes.nano.width=32",
    "model.sizes.nano.ffn=32",
    "task.training.nano.inputs.context=16",
    "scale.measurement.blocks=2",
    "scale.measurement.steps_per_block=1",
    "scale.measurement.warmup_steps=1",
]


def test_a_small_measurement_from_end_to_end(tmp_path):
    measure(["methods=[lsh]", *SMALL, f"results={tmp_path}"])
    (speed,) = read_evidence(tmp_path / "nano").speeds
    assert set(speed.blocks["method"]) == {"bf16", "vanilla", "lsh"}
    record = json.loads((tmp_path / "nano/speed/loopback/gpt_moe/text_lm.json").read_text())
    assert record["reference"] == speed.record.reference == "bf16"
    assert record["weights"] == {"method": "vanilla", "seed": 0, "step": 0}
    assert len(record["environment"]["ranks"]) == 2
    assert record["methods"]["lsh"]["reduction"]["num_hashes"] == 6
