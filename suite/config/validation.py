"""Validates plain values, and turns a fault into a one-line error."""

import types
import typing
from collections.abc import Sequence
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from suite.config.model import SHAPES
from suite.config.run import RunConfig
from suite.errors import UserError, hint

_Options = TypeVar("_Options", bound=BaseModel)


def validate(values: Any) -> RunConfig:
    """Validate a resolved configuration (nested dicts).

    Raises:
        UserError: naming the first field at fault.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        raise UserError(_first_fault(error)) from None


def parse_options(field: str, model: type[_Options], values: dict[str, Any]) -> _Options:
    """Validate a part of a configuration by the model of the class that uses it.

    Raises:
        UserError: naming ``field`` and the option at fault.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise UserError(_first_fault(error, model, field)) from None


def to_yaml(config: RunConfig) -> str:
    """The fully resolved configuration as YAML; :func:`from_yaml` reads it back."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def from_yaml(text: str) -> RunConfig:
    """Read and validate what :func:`to_yaml` wrote.

    Raises:
        UserError: if the text is not YAML or not a valid configuration.
    """
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"config.yaml: not valid YAML ({str(error).splitlines()[0]})") from None
    return validate(values)


def _first_fault(error: ValidationError, model: type[BaseModel] = RunConfig, prefix: str = "") -> str:
    fault = error.errors(include_url=False)[0]
    # Pydantic puts the tag of a union into the path of a field; the configuration has no such level.
    path = tuple(str(part) for part in fault["loc"] if part not in SHAPES)
    field = ".".join([prefix, *path] if prefix else path)
    if fault["type"] == "extra_forbidden":
        allowed = _fields(model, tuple(str(part) for part in fault["loc"][:-1]))
        return f"{field}: unknown field; allowed: {', '.join(allowed)}{hint(path[-1], allowed)}"
    if fault["type"] == "missing":
        return f"{field}: missing"
    if fault["type"] == "value_error":  # our own validators: their message is complete
        message = str(fault["ctx"]["error"])
        return f"{field}.{message}" if field else message
    expected = str(fault.get("ctx", {}).get("expected", ""))  # "'gloo' or 'nccl'"
    return f"{field}: {fault['msg']}, not {fault['input']!r}{hint(fault['input'], expected.split(chr(39))[1::2])}"


def _fields(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """Names of the fields of the model found under ``path``."""
    for step in path:
        if step in SHAPES:
            model = SHAPES[step]
        elif step in model.model_fields:
            model = _model_in(model.model_fields[step].annotation)
    return sorted(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel]:
    """The pydantic model inside ``Model``, ``list[Model]``, ``dict[str, Model]`` or ``Model | None``."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else BaseModel
    return next((m for m in map(_model_in, typing.get_args(annotation)) if m.model_fields), BaseModel)
