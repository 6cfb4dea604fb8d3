"""What is registered before runs is valid, and a mistake is named."""

import copy

import pytest
import yaml

from suite.config.conf import choices
from suite.config.registration import EVIDENCE, registration
from suite.errors import UserError

VALUES = yaml.safe_load(EVIDENCE.read_text())


def test_the_registration_is_valid_and_finds_its_cells():
    found = registration()
    assert found.contrast("mini", "bert_moe", "cola_val").metric == "matthews"
    assert found.contrast("nano", "bert_moe", "cola_val") is None
    assert {one.model for one in found.contrasts.values()} <= set(choices("model"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v["contrasts"]["gpt"].update(model="gpt"), r"unknown model 'gpt'; allowed: "),
        (lambda v: v["contrasts"]["gpt"].update(metric="loss"), r"contrasts\.gpt\.metric: unknown 'loss'"),
        (lambda v: v["contrasts"]["gpt"].update(seeds=1), r"contrasts\.gpt\.seeds: .*2"),
        (lambda v: v["contrasts"].update(again=v["contrasts"]["gpt"]), r"contrasts\.gpt: the same cell as again"),
        (lambda v: v["margins"]["f1"].update(value=0), r"margins\.f1\.value: .*greater than 0"),
        (lambda v: v.update(controls=["randon"]), r"unknown method 'randon'"),
    ],
)
def test_a_mistake_is_named(tmp_path, change, message):
    values = copy.deepcopy(VALUES)
    change(values)
    path = tmp_path / "evidence.yaml"
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(UserError, match=message):
        registration(path)
