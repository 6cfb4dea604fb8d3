"""GPT-MoE as a classifier: it starts from a language model's weights, and padding never changes what it says."""

from pathlib import Path

import pytest
import torch

from suite.tasks.row_kinds import PADDING
from suite.training import checkpoint
from suite.training.kind_meter import announce
from tests.ranks import run_ranks
from tests.suite.builders.tiny_hosts import HOSTS, dictionary

LANGUAGE_MODEL, CLASSIFIER = HOSTS["gpt_moe"], HOSTS["gpt_moe, classifying"]


@pytest.mark.parametrize("route_padding", [False, True])
def test_more_padding_changes_nothing(route_padding: bool) -> None:
    """Padding that experts do not see, or that vanilla routes like any token, is no part of any real token's output."""
    model, data = CLASSIFIER.build().eval(), CLASSIFIER.batch(0)
    tokens, kinds = data.inputs["tokens_BT"], data.kinds["tokens"]
    shortest = int((kinds != PADDING).sum(1).min())
    row = int((kinds != PADDING).sum(1).argmin())
    announce(model.streams, {"tokens": kinds}, route_padding)
    padded = model(tokens)[row]
    announce(model.streams, {"tokens": kinds[row : row + 1, :shortest]}, route_padding)
    torch.testing.assert_close(model(tokens[row : row + 1, :shortest])[0], padded, atol=1e-5, rtol=1e-4)
    last = tokens.clone()
    last[row, shortest - 1] = dictionary().unk()
    announce(model.streams, {"tokens": kinds}, route_padding)
    assert not torch.allclose(model(last)[row], padded, atol=1e-3), "the last real token decides"


def start_from_a_language_model(folder: Path) -> tuple[list[str], list[str], list[str]]:
    """Names of weights that were not loaded, of those that now equal the language model's, and of those that do not."""
    earlier = LANGUAGE_MODEL.build("seed=1")
    checkpoint.save(folder, 1, earlier, torch.optim.AdamW(earlier.parameters()))
    model, trained = CLASSIFIER.build(), dict(earlier.named_parameters())
    missing = checkpoint.load_weights(folder, model).missing
    names = dict(model.named_parameters())
    equal = {name for name, value in names.items() if name in trained and torch.equal(value, trained[name])}
    return missing, sorted(equal), sorted(names.keys() - equal)


def test_all_but_the_classifier_is_loaded(tmp_path: Path) -> None:
    ((missing, equal, others),) = run_ranks(1, start_from_a_language_model, tmp_path)
    assert sorted(missing) == others == ["classifier.bias", "classifier.weight"]
    assert len(equal) > 20
