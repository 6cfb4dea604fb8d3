"""What the guides show works as shown."""

import re
from pathlib import Path

import pytest
import torch
import yaml

from lshmoe import MoELayer
from suite.claims.ledger import ledger
from suite.claims.verdicts import TESTS
from suite.config.compose import compose
from suite.config.validation import validate
from suite.costmodel import predict
from suite.training.methods import check_method

DOCS = Path(__file__).parent.parent / "docs"


def blocks(name, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / name).read_text(), flags=re.MULTILINE | re.DOTALL)


def test_the_guide_s_reduction_trains():
    (code,) = blocks("methods.md", "python")
    names = {}
    exec(code, names)
    torch.manual_seed(0)
    layer = MoELayer(8, 16, 4, reduction=names["EveryOther"](dim=8, seed=0))
    x_ND = torch.randn(33, 8, requires_grad=True)
    layer(x_ND).square().sum().backward()
    assert layer.traffic.rows_routed == 66
    assert 33 <= layer.traffic.rows_sent <= 33 + 4  # half of each expert's rows, rounded up
    assert torch.isfinite(x_ND.grad).all()


def test_the_guide_s_reduction_borrows_from_its_own_expert():
    (code,) = blocks("methods.md", "python")
    names = {}
    exec(code, names)
    rows_RD = torch.tensor([[1.0], [2.0], [3.0], [10.0], [20.0]])
    reduced = names["EveryOther"](dim=1, seed=0)(rows_RD, torch.tensor([3, 0, 2]))
    assert reduced.counts_E.tolist() == [2, 0, 1]
    assert reduced.rows_CD.flatten().tolist() == [1, 3, 10]
    assert reduced.restore(reduced.rows_CD).flatten().tolist() == [1, 1, 3, 10, 10]


def test_the_guide_s_method_file_is_valid():
    (text,) = blocks("methods.md", "yaml")
    config = validate(compose().model_dump() | {"method": yaml.safe_load(text)})
    check_method(config)


def test_the_cost_model_s_example_runs():
    (code,) = blocks("costmodel.md", "python")
    names = {}
    exec(code, names)
    assert predict(names["costs"][0], names["link"]).kappa == pytest.approx(0.43)
    assert 1 < names["gain"] < 8.4 / 3.8


def test_the_ledger_s_example_is_valid_and_every_kind_of_test_is_explained():
    (text,) = blocks("claims.md", "yaml")
    (claim,) = yaml.safe_load(text)
    assert claim in [one.model_dump(exclude_defaults=True) for one in ledger().claims]
    explained = re.findall(r"^\| `(\w+)` \|", (DOCS / "claims.md").read_text(), flags=re.MULTILINE)
    assert set(explained) == set(TESTS)
