"""Where the tokens of labelled texts come from: a language-modelling task's tokenizer, or a trained model's."""

from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from tokenizers import Tokenizer

from suite.config.compose import compose
from suite.config.task import TaskConfig
from suite.data.pretrained import trained_model
from suite.data.registry import source
from suite.data.tokenizer import WordPieces, make_dictionary, symbols
from suite.data.tokens import TextRecipe, prepare_text
from suite.loading import load_object
from suite.tasks.packed_text import PackedText, TextData


class Tokens(Protocol):
    """A tokenizer that other work has made."""

    @property
    def name(self) -> str:
        """Differs wherever the tokens do."""

    @property
    def file(self) -> Path:
        """The tokenizer, once it is prepared."""

    def prepare(self) -> None:
        """Make the file if it is not there yet."""

    def dictionary(self, tokenizer: Tokenizer) -> Any:
        """Symbols as hosts take them."""


class TaskTokens:
    """The byte-level BPE of a language-modelling task, with the symbols that its objective adds.

    Args:
        task: the task's name.
        vocabulary: tokens of the BPE.
        cache: the data cache.
    """

    def __init__(self, task: str, vocabulary: int, cache: Path) -> None:
        self._task, self._vocabulary, self._cache = task, vocabulary, cache

    @property
    def name(self) -> str:
        return self._folder.name

    @property
    def file(self) -> Path:
        return self._folder / "tokenizer.json"

    def prepare(self) -> None:
        prepare_text(self._recipe, self._cache)

    def dictionary(self, tokenizer: Tokenizer) -> Any:
        target: type[PackedText] = load_object("task.data.tokenizer_of", self._config.target)
        return make_dictionary(tokenizer, target.extra_symbols)

    @property
    def _folder(self) -> Path:
        return self._recipe.folder(self._cache)

    @cached_property
    def _config(self) -> TaskConfig:
        return compose([f"task={self._task}"]).task

    @cached_property
    def _recipe(self) -> TextRecipe:
        text = TextData.model_validate(self._config.data)
        return TextRecipe([source(name) for name in text.sources], text.held_out, self._vocabulary)


class ModelTokens:
    """The WordPiece symbols of a trained BERT.

    Args:
        model: a source of the registry, or a folder.
        cache: the data cache.
    """

    def __init__(self, model: str, cache: Path) -> None:
        self._model, self._cache = model, cache

    @property
    def name(self) -> str:
        return trained_model(self._model, self._cache).record()["tokenizer_sha256"]

    @property
    def file(self) -> Path:
        return trained_model(self._model, self._cache).tokenizer

    def prepare(self) -> None:
        trained_model(self._model, self._cache)

    def dictionary(self, tokenizer: Tokenizer) -> Any:
        return WordPieces(tuple(symbols(tokenizer)))
