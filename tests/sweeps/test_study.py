"""Studies: all files are valid at all their scales, bad ones are refused in one line, settings become ordinary runs."""

from pathlib import Path

import pytest
import yaml

from suite.config.compose import compose
from suite.errors import UserError
from suite.training.methods import check_method
from sweeps.setting import Setting, wires
from sweeps.study import CONF, load_study, probes, studies
from tests.sweeps.made_up import study

EVERY = [(name, scale) for name in studies() for scale in yaml.safe_load((CONF / f"{name}.yaml").read_text())["scales"]]


@pytest.mark.parametrize(("name", "scale"), EVERY)
def test_every_study_is_valid_at_every_scale_that_it_names(name: str, scale: str) -> None:
    made = load_study(name, scale)
    assert made.trial_count() > 1
    check_method(compose(made.overrides(made.setting(probes(made)[-1]))))


def write(folder: Path, **changes: object) -> str:
    values = study().model_dump(mode="json", exclude={"scale", "grid", "kappa"}) | {"scales": {"nano": {}}} | changes
    (folder / "made_up.yaml").write_text(yaml.safe_dump(values))
    return str(folder / "made_up.yaml")


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"sampler": "tpo"}, ["study made_up.sampler", "did you mean 'tpe'?"]),
        ({"space": {"num_hashs": [1, 2]}}, ["setting.num_hashs", "did you mean 'num_hashes'?"]),
        ({"space": {"num_hashes": {"low": 1, "high": 13}}}, ["setting.num_hashes", "13"]),
        ({"space": {"num_hashes": {"low": 5, "high": 4}}}, ["low: 5 exceeds high=4"]),
        ({"space": {"wire": ["fp9"]}}, ["wire", "allowed: bf16, fp8", "did you mean"]),
        ({"space": {"task": ["text_lm"]}}, ["space.task", "only a grid"]),
        ({"tasks": ["text_l"]}, ["study made_up.tasks", "did you mean 'text_lm'?"]),
        ({"model": "gpt"}, ["study made_up.model", "gpt_moe"]),
        ({"tasks": ["text_lm", "sst2_like"]}, ["searches on one task"]),
        ({"trials": None}, ["needs space and trials"]),
        ({"objectives": ["quality", "relative_step_time"]}, ["kappa: relative_step_time needs one"]),
        ({"confirmation": {"seeds": [0]}}, ["confirmation.seeds: 0 is the seed of the trials"]),
        ({"heartbeat": {"interval": 9, "grace": 9}}, ["grace: 9 must exceed interval=9"]),
        ({"training": {"stesp": 3}}, ["stesp", "did you mean 'steps'?"]),
        ({"scales": {"mini": {}}}, ["scale", "'nano'", "allowed: mini"]),
    ],
    ids=str,
)
def test_a_bad_study_is_refused_in_one_helpful_line(tmp_path: Path, changes: dict, parts: list[str]) -> None:
    with pytest.raises(UserError) as refused:
        load_study(write(tmp_path, **changes), "nano")
    assert "\n" not in str(refused.value)
    for part in parts:
        assert part in str(refused.value)


def test_an_unknown_study_is_named_with_the_nearest_one() -> None:
    with pytest.raises(UserError, match="did you mean 'nano_hash'"):
        load_study("nano_has", "nano")


@pytest.mark.parametrize("wire", sorted(wires()))
@pytest.mark.parametrize("family", ["cross_polytope", "spherical_plane"])
def test_a_setting_becomes_the_method_that_it_says(family: str, wire: str) -> None:
    setting = Setting(family=family, num_hashes=3, bucket_bits=4, rotation="hd3", error_compensation=False, wire=wire)
    method = compose(study().overrides(setting)).method
    assert method.reduction is not None
    assert method.reduction["planes" if family == "spherical_plane" else "coordinates"] == (
        4 if family == "spherical_plane" else 8
    )
    assert (method.reduction["num_hashes"], method.reduction["error_compensation"]) == (3, False)
    assert method.wire == wires()[wire]
    check_method(compose(study().overrides(setting)))


def test_single_seeds_reach_the_run() -> None:
    config = compose(study().overrides(Setting.model_validate({"seeds.model": 4, "seeds.hash": 5})))
    assert [config.root_seed(stream) for stream in ("model", "data", "hash")] == [4, 0, 5]


def test_a_grid_is_the_product_of_each_block_and_holds_no_point_twice() -> None:
    grid = [{"method": "vanilla"}, {"num_hashes": [2, 4]}, {"num_hashes": [4, 6], "wire": ["fp8", "native"]}]
    points = study(sampler="grid", trials=None, space={}, grid=[*grid, grid[1]]).points()
    assert len(points) == 1 + 2 + 4
    assert points[1] == {"num_hashes": 2, "task": "text_lm"}
