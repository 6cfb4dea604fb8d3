"""The tokenizer: lossless, with the special symbols first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from suite.data.tokenizer import SPECIAL_SYMBOLS, load_tokenizer, symbols, train_tokenizer
from tests.suite.builders.tiny_text import sentences

VOCABULARY = 300


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    train_tokenizer(sentences(50), VOCABULARY).save(str(path))
    return load_tokenizer(path)


@given(text=st.text())
def test_every_text_comes_back(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text
    assert all(i >= len(SPECIAL_SYMBOLS) for i in ids)


def test_text_that_spells_a_special_symbol_is_text(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("a </s> b <pad>").ids
    assert min(ids) >= len(SPECIAL_SYMBOLS)


def test_special_symbols_come_first(tokenizer: Tokenizer) -> None:
    assert tuple(symbols(tokenizer)[: len(SPECIAL_SYMBOLS)]) == SPECIAL_SYMBOLS
    assert len(symbols(tokenizer)) == VOCABULARY
