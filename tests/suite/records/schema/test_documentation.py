"""Published schemas are those of the models, every field says what it means, and committed records follow them."""

import json
from pathlib import Path
from typing import Any

import pytest

from suite.records.schema.documentation import KINDS, json_schemas, records_markdown, type_of

ROOT = Path(__file__).parents[4]
REFERENCE = ROOT / "results/reference"


def test_the_published_schemas_and_the_page_are_those_of_the_models() -> None:
    published = {path.name: json.loads(path.read_text()) for path in (ROOT / "docs/schemas").glob("*.json")}
    assert published == {f"{name}.schema.json": schema for name, schema in json_schemas().items()}
    assert (ROOT / "docs/records.md").read_text() == records_markdown()


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.detailed])
def test_every_field_says_what_it_means(name: str) -> None:
    schema = json_schemas()[name]
    configured = {"MethodConfig", "StartsFrom"}
    parts = [schema, *(part for title, part in schema.get("$defs", {}).items() if title not in configured)]
    fields: list[tuple[str, Any]] = [field for part in parts for field in part.get("properties", {}).items()]
    assert fields and not [field for field, told in fields if not told.get("description")]


def test_types_are_told_in_words() -> None:
    assert type_of({"anyOf": [{"type": "number"}, {"type": "null"}]}) == "number or null"
    assert type_of({"type": "array", "items": {"$ref": "#/$defs/Block"}}) == "list of Block"
    assert type_of({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "number"}]}) == "[integer, number]"
    assert type_of({"type": "object", "additionalProperties": {"type": "number"}}) == "number by name"


@pytest.mark.parametrize("name", [name for name in KINDS if name not in ("failure", "config", "metrics")])
def test_committed_records_follow_their_schema_and_lie_where_the_page_says(name: str) -> None:
    pattern = "/".join("*" if "<" in part and "." not in part else part for part in KINDS[name].place.split("/"))
    found = list(REFERENCE.glob(pattern.replace("<task>", "*").replace("<model>", "*").replace("seed<k>", "seed*")))
    assert found
    for path in found[:5]:
        KINDS[name].model.validate_json(path.read_bytes())
