"""The page on configuration: every part of :class:`~suite.config.run.RunConfig`, from the models that validate it."""

import inspect
import json
import re
import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from suite.config.conf import GROUPS, choices
from suite.config.run import RunConfig

HEAD = """\
# Configuration

A run is configured by one file of each folder below `suite/conf`, and by fields that the command line overrides:
`model=gpt_moe task.training.nano.steps=20`. This page is generated from the models that validate all of it; a field
that is not listed here is refused.

| group | files |
|---|---|
"""


def configuration_markdown() -> str:
    """The page as Markdown: a section for each model, a row for each field."""
    groups = "".join(f"| `{group}` | {', '.join(f'`{name}`' for name in choices(group))} |\n" for group in GROUPS)
    return HEAD + groups + "".join(f"\n{_section(model)}" for model in parts(RunConfig))


def parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The model and all models that its fields are made of, each once, in the order of the fields."""
    seen: list[type[BaseModel]] = []
    waiting = [model]
    while waiting:
        current = waiting.pop(0)
        if current not in seen:
            seen.append(current)
            waiting[:0] = [found for field in current.model_fields.values() for found in _models_in(field.annotation)]
    return iter(seen)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if inspect.isclass(annotation) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [found for inner in typing.get_args(annotation) for found in _models_in(inner)]


def _section(model: type[BaseModel]) -> str:
    rows = "".join(
        f"| `{name}` | {_cell(_type_of(field.annotation))} | {_default(field)} | {_cell(field.description or '')} |\n"
        for name, field in model.model_fields.items()
    )
    text = re.sub(r":\w+:`[~.]*(?:[\w.]+\.)?(\w+)`", r"`\1`", inspect.getdoc(model) or "").replace("``", "`")
    return f"## {model.__name__}\n\n{text}\n\n| field | type | default | meaning |\n|---|---|---|---|\n{rows}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    return "" if field.default is PydanticUndefined else f"`{json.dumps(to_jsonable_python(field.default))}`"


def _type_of(annotation: Any) -> str:
    """A type in words: ``int or null``, ``list of int``, ``"cpu" or "cuda"``."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is None or annotation is types.NoneType:
        return "null"
    if origin is typing.Annotated:
        return _type_of(inner[0])
    if origin is typing.Literal:
        return " or ".join(f'"{value}"' for value in inner)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_of(option) for option in inner)
    if origin is list:
        return f"list of {_type_of(inner[0])}"
    if origin is tuple:
        return f"list of {len(inner)} {_type_of(inner[0])}"
    if origin is dict:
        return "mapping" if inner[1] is Any else f"{_type_of(inner[1])} by {_type_of(inner[0])}"
    if issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return {"str": "text", "float": "number", "int": "integer", "bool": "true or false", "Path": "path"}[
        annotation.__name__
    ]
