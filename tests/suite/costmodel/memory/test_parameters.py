"""Every parameter counts once, under the kind that it is."""

from suite.config.model import TransformerSize
from suite.costmodel.memory.blueprint import blueprint
from suite.costmodel.memory.parameters import count
from suite.data.made_up import made_up_tokenizer
from suite.data.tokenizer import make_dictionary
from suite.tasks.task import TextInputs

VOCABULARY, CONTEXT, WIDTH, FFN, EXPERTS = 300, 16, 8, 12, 4


def gpt(**changes):
    shape = {"layers": 4, "width": WIDTH, "ffn": FFN, "heads": 2, "experts": EXPERTS, "top_k": 1, "moe_every": 2}
    size = TransformerSize.model_validate({"shape": "transformer", "dropout": 0.0} | shape | changes)
    dictionary = make_dictionary(made_up_tokenizer(VOCABULARY))
    return blueprint("suite.hosts.gpt_moe", size, TextInputs(dictionary, CONTEXT))


def test_kinds_add_up_to_all_parameters():
    model = gpt()
    assert count(model).total == sum(p.numel() for p in model.parameters())


def test_a_gpt_s_kinds_are_those_counted_by_hand():
    counted = count(gpt())
    ffn, ffn_biases = 2 * WIDTH * FFN, FFN + WIDTH
    assert counted.experts == 2 * EXPERTS * ffn
    assert counted.expert_biases == 2 * EXPERTS * ffn_biases
    assert counted.gates == 2 * EXPERTS * WIDTH
    assert counted.attention == 4 * 4 * WIDTH**2
    assert counted.ffn == 2 * ffn
    # fairseq numbers positions from behind the padding symbol, whose number is 1
    assert counted.embeddings == (VOCABULARY + CONTEXT + 2) * WIDTH
    norms = 2 * WIDTH * (2 * 4 + 1)
    assert counted.vectors == 4 * 4 * WIDTH + 2 * ffn_biases + norms
    assert counted.other == 0


def test_a_moe_layer_counted_as_dense_is_one_expert_without_a_gate():
    dense, single = count(gpt(), ["decoder."]), count(gpt(experts=1))
    assert dense.sharded == dense.gates == 0
    assert dense.total == single.total - single.gates
    assert count(gpt(), ["encoder."]) == count(gpt())
