"""The page on configuration: every field of every part, with its meaning."""

import re

import pytest

from suite.config.documentation import configuration_markdown, parts
from suite.config.run import RunConfig

PAGE = configuration_markdown()


@pytest.mark.parametrize("model", parts(RunConfig), ids=lambda model: model.__name__)
def test_every_part_is_explained(model: type) -> None:
    assert model.__doc__
    assert [name for name, field in model.model_fields.items() if not field.description] == []
    assert f"## {model.__name__}\n" in PAGE


def test_types_defaults_and_links() -> None:
    assert '| `backend` | "gloo" or "nccl" |  | of torch.distributed |' in PAGE
    assert "| `hash` | integer or null | `null` | whatever a method draws |" in PAGE
    assert '[TransformerSize](#transformersize) or [SwinSize](#swinsize) by "nano" or "mini" or "paper"' in PAGE
    assert set(re.findall(r"\]\(#(\w+)\)", PAGE)) <= {name.lower() for name in re.findall(r"^## (\w+)$", PAGE, re.M)}
