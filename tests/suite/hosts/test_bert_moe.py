"""A dense BERT's weights, with their FFNs as experts, compute what the dense BERT does."""

from types import SimpleNamespace

import pytest
import torch

from lshmoe import MoELayer
from suite.config.model import TransformerSize
from suite.data.tokenizer import WordPieces
from suite.errors import UserError
from suite.hosts.bert_moe import BertMoE, build, load_weights
from suite.tasks.task import TextInputs
from tests.suite.builders.tiny_bert import CONTEXT, SIZE, SYMBOLS, dense_bert


def made(**changes: int) -> BertMoE:
    shape = {"shape": "transformer", "experts": 4, "top_k": 2, "moe_every": 2, "dropout": 0.0} | SIZE | changes
    size = TransformerSize.model_validate(shape)
    inputs = TextInputs(WordPieces(tuple(SYMBOLS)), CONTEXT, classes=3)
    return build(size, inputs, lambda name, dim, hidden: MoELayer(dim, hidden, 4, name=name)).eval()


@pytest.fixture
def batch() -> SimpleNamespace:
    tokens_BT = torch.tensor([[2, 5, 9, 3, 7, 8, 3], [2, 6, 3, 0, 0, 0, 0]])
    types_BT = torch.tensor([[0, 0, 0, 0, 1, 1, 1], [0] * 7])
    return SimpleNamespace(tokens_BT=tokens_BT, types_BT=types_BT, mask_BT=(tokens_BT != 0).long())


@pytest.mark.parametrize("prefix", ["", "bert."])
@pytest.mark.parametrize("moe_every", [1, 2, 3])
def test_the_up_cycled_model_computes_what_the_dense_one_does(moe_every, prefix, batch):
    dense, model = dense_bert(), made(moe_every=moe_every)
    new = load_weights(model, {prefix + name: value for name, value in dense.state_dict().items()}, 0.0, seed=0)
    assert {name.rsplit(".", 1)[0] for name in new} >= {"classifier"}
    with torch.no_grad():
        wanted = dense(batch.tokens_BT, attention_mask=batch.mask_BT, token_type_ids=batch.types_BT).last_hidden_state
        found = model.features(batch.tokens_BT, batch.types_BT)
    real = batch.mask_BT.bool()
    torch.testing.assert_close(found[real], wanted[real], atol=1e-5, rtol=1e-5)


def test_fewer_layers_are_the_first_ones(batch):
    dense, model = dense_bert(), made(layers=2)
    load_weights(model, dense.state_dict(), 0.0, seed=0)
    with torch.no_grad():
        hidden = dense(
            batch.tokens_BT, attention_mask=batch.mask_BT, token_type_ids=batch.types_BT, output_hidden_states=True
        ).hidden_states[2]
        found = model.features(batch.tokens_BT, batch.types_BT)
    real = batch.mask_BT.bool()
    torch.testing.assert_close(found[real], hidden[real], atol=1e-5, rtol=1e-5)


def test_padding_changes_nothing(batch):
    model = made()
    load_weights(model, dense_bert().state_dict(), 0.0, seed=0)
    with torch.no_grad():
        alone = model(batch.tokens_BT[1:, :3], batch.types_BT[1:, :3])
        padded = model(batch.tokens_BT, batch.types_BT)[1:]
    torch.testing.assert_close(alone, padded, atol=1e-5, rtol=1e-5)


def test_noise_tells_experts_apart_and_is_the_same_every_time():
    models = [made() for _ in range(3)]
    for model, noise in zip(models, (0.0, 0.1, 0.1), strict=True):
        load_weights(model, dense_bert().state_dict(), noise, seed=5)
    plain, noisy, again = (model.streams["tokens"].layers[0].experts.w1_LDF for model in models)
    assert torch.equal(noisy, again)
    assert all(torch.equal(plain[0], expert) for expert in plain)
    assert not torch.equal(noisy[0], noisy[1])
    deviation = (noisy - plain).std() / plain[0].std()
    assert 0.09 < deviation < 0.11


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda t: t | {"encoder.layer.0.attention.self.query.weight": torch.zeros(3, 3)},
            r"has the shape \[3, 3\]; this model's is \[16, 16\]",
        ),
        (
            lambda t: t | {"encoder.layer.1.output.dense.bias": torch.zeros(3)},
            r"has the shape \[3\]; this model's is \[16\]",
        ),
        (lambda t: t | {"decoder.weight": torch.zeros(3)}, "decoder.weight is unknown to this model"),
        (
            lambda t: {n: v for n, v in t.items() if n != "encoder.layer.1.output.dense.bias"},
            r"lacks encoder\.layer\.1\.output\.dense\.bias",
        ),
        (
            lambda t: {n: v for n, v in t.items() if "word_embeddings" not in n},
            r"lacks embeddings\.word_embeddings\.weight",
        ),
    ],
)
def test_other_weights_are_refused_by_name(change, reason):
    with pytest.raises(UserError, match=rf"^starts_from\.weights: .*{reason}"):
        load_weights(made(), change(dict(dense_bert().state_dict())), 0.0, seed=0)
