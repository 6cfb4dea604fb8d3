"""A trained BERT small enough for tests: a folder with tokenizer, configuration and weights."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

WORDS = "a the film is good bad fine dull it was and not , . ! ?".split()
SYMBOLS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *WORDS,
    *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
]
SIZE = {"layers": 4, "width": 16, "ffn": 32, "heads": 2}
CONTEXT = 32


def tiny_tokenizer() -> Tokenizer:
    """WordPiece as BERT has it, which pads, truncates and adds [CLS] and [SEP] unless it is told not to."""
    tokenizer = Tokenizer(
        models.WordPiece({symbol: number for number, symbol in enumerate(SYMBOLS)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(SYMBOLS[:5])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    return tokenizer


def dense_bert() -> BertModel:
    """The dense model, with random weights that are the same every time."""
    torch.manual_seed(0)
    return BertModel(
        BertConfig(
            vocab_size=len(SYMBOLS),
            hidden_size=SIZE["width"],
            num_hidden_layers=SIZE["layers"],
            num_attention_heads=SIZE["heads"],
            intermediate_size=SIZE["ffn"],
            max_position_embeddings=CONTEXT,
        )
    ).eval()


def write_bert(folder: Path) -> Path:
    """Write the model as hubs have it."""
    folder.mkdir(parents=True)
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    model = dense_bert()
    (folder / "config.json").write_text(json.dumps(model.config.to_dict()), encoding="utf-8")
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / "model.safetensors")
    return folder
