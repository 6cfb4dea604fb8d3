"""Labelled texts in a trained BERT's tokens: its separators and types, and a run that starts from its weights."""

import json
from pathlib import Path

import pytest
import torch

from suite.cluster.member import ALONE
from suite.config.compose import compose
from suite.config.digest import config_sha256
from suite.config.run import RunConfig
from suite.errors import UserError
from suite.tasks import build_task
from suite.tasks.wordpiece_classification import WordPieceClassification
from suite.training.check import check_start
from suite.training.start import start_of
from suite.training.trainer import build_model
from tests.suite.builders.tiny_bert import SYMBOLS, write_bert

CLS, SEP, PAD, UNKNOWN = (SYMBOLS.index(name) for name in ("[CLS]", "[SEP]", "[PAD]", "[UNK]"))
HEADER = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"


@pytest.fixture
def glue(tmp_path: Path) -> Path:
    texts = {
        "SST-2/train.tsv": "sentence\tlabel\n"
        + "".join(f"the film is {'good' if n % 2 else 'bad'} {'!' * (n % 5)}\t{n % 2}\n" for n in range(40)),
        "SST-2/dev.tsv": "sentence\tlabel\n" + "it was good\t1\nit was [SEP] dull\t0\n" * 8,
        "SST-2/test_labelled.tsv": "1\tfine\n0\tbad\n" * 4,
        "MRPC/train.tsv": HEADER + "1\t1\t2\tthe film is good\tit was fine .\n0\t1\t2\tgood\tbad\n" * 10,
        "MRPC/dev.tsv": HEADER + "1\t1\t2\tgood\tfine\n" * 4,
        "MRPC/msr_paraphrase_test.txt": HEADER + "0\t1\t2\tgood\tbad\n" * 4,
    }
    for name, text in texts.items():
        path = tmp_path / "glue" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "glue"


def config(glue: Path, bert: Path, task: str = "sst2_val_test", *more: str) -> RunConfig:
    sizes = "layers=4 width=16 ffn=32 heads=2 experts=4".split()
    training = "steps=2 batch_examples=8 eval_examples=8 eval_every=2 checkpoint_every=2".split()
    training += "inputs.context=32 inputs.length=12".split()
    return compose(
        [
            "model=bert_moe",
            f"task={task}",
            "scale=mini",
            f"glue_dir={glue}",
            f"task.data.tokenizer_of={bert}",
            f"task.starts_from.weights={bert}",
            *(f"model.sizes.mini.{word}" for word in sizes),
            *(f"task.training.mini.{word}" for word in training),
            *more,
        ]
    )


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    return write_bert(tmp_path / "bert")


def prepared(run: RunConfig, cache: Path) -> WordPieceClassification:
    task = build_task(run, cache)
    task.prepare()
    assert isinstance(task, WordPieceClassification)
    return task


def test_a_text_is_enclosed_and_its_tokens_are_of_type_0(glue, bert, tmp_path):
    task = prepared(config(glue, bert), tmp_path / "cache")
    batch = task.train_batch(0)
    tokens_BT = batch.inputs["tokens_BT"]
    for row in tokens_BT.tolist():
        real = [token for token in row if token != PAD]
        assert real[0] == CLS and real[-1] == SEP and real.count(SEP) == 1
    assert not batch.inputs["types_BT"].any()


def test_a_pair_has_two_separators_and_two_types(glue, bert, tmp_path):
    task = prepared(config(glue, bert, "mrpc_val_test"), tmp_path / "cache")
    batch = task.train_batch(0)
    for tokens, types in zip(batch.inputs["tokens_BT"].tolist(), batch.inputs["types_BT"].tolist(), strict=True):
        first = tokens.index(SEP)
        last = first + 1 + tokens[first + 1 :].index(SEP)
        assert types == [0] * (first + 1) + [1] * (last - first) + [0] * (len(tokens) - last - 1)
        assert set(tokens[last + 1 :]) <= {PAD}


def test_text_that_spells_a_separator_is_text(glue, bert, tmp_path):
    task = prepared(config(glue, bert), tmp_path / "cache")
    assert task.sequence("held_out", 1).count(SEP) == 1


def test_the_labelled_test_part_joins_the_validation_part(glue, bert, tmp_path):
    task = prepared(config(glue, bert), tmp_path / "cache")
    assert task.examples.count("held_out") == 16 + 8
    assert [entry["name"] for entry in task.data_record()] == ["glue_sst2_train", "glue_sst2_validation", "sst2_test"]


def test_a_run_starts_from_the_trained_weights(glue, bert, tmp_path):
    run = config(glue, bert)
    task = prepared(run, tmp_path / "cache")
    model = build_model(run, task, ALONE)
    fill = start_of(run)
    assert fill is not None
    before = model.host.embeddings.word_embeddings.weight.clone()
    assert sorted(fill(model))[0] == "classifier.bias"
    assert not torch.equal(before, model.host.embeddings.word_embeddings.weight)


def test_where_glue_lies_does_not_decide_a_run_s_numbers(glue, bert, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    glue.rename(elsewhere)
    assert config_sha256(config(glue, bert)) == config_sha256(config(elsewhere, bert))


def test_a_model_that_takes_no_trained_weights_says_which_one_does(glue, bert):
    with pytest.raises(UserError, match=r"task\.starts_from\.weights: gpt_moe cannot take .*; take model=bert_moe"):
        start_of(config(glue, bert).model_copy(update={"model": compose(["model=gpt_moe", "scale=nano"]).model}))


@pytest.mark.parametrize("missing", ["tokenizer.json", "config.json", "model.safetensors"])
def test_a_half_unpacked_model_is_refused(missing, glue, bert, tmp_path):
    (bert / missing).unlink()
    with pytest.raises(UserError, match=rf"starts_from\.weights: .* lacks {missing}; expected a folder with all three"):
        prepared(config(glue, bert), tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("config.json", '{"model_type": "roberta"}', "config.json has model_type='roberta'; expected 'bert'"),
        ("config.json", "{", "config.json is no JSON object; take the model's own"),
        ("config.json", {"num_attention_heads": 4}, "has num_attention_heads=4; expected 2"),
        ("config.json", {"hidden_act": "relu"}, "has hidden_act='relu'; expected 'gelu'"),
        ("config.json", {"num_hidden_layers": 3}, "has num_hidden_layers=3; expected 4 or more"),
        ("model.safetensors", "half a file", "model.safetensors is no whole safetensors file"),
    ],
)
def test_weights_of_another_model_are_refused_before_any_rank_starts(name, content, reason, glue, bert, tmp_path):
    run = config(glue, bert)
    task = prepared(run, tmp_path / "cache")
    check_start(run, task)
    if isinstance(content, dict):
        content = json.dumps(json.loads((bert / name).read_text(encoding="utf-8")) | content)
    (bert / name).write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=rf"^starts_from\.weights: .*{reason}") as caught:
        check_start(run, task)
    assert "\n" not in str(caught.value)
