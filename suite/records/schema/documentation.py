"""The schemas of all records for readers outside: JSON schemas, and a page that says what every field means."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from suite.config.run import RunConfig
from suite.records.schema.base import RECORD_SCHEMA
from suite.records.schema.environment import Environment
from suite.records.schema.failure import Failure
from suite.records.schema.metrics import METRICS_LINE
from suite.records.schema.probe import ProbeRecord
from suite.records.schema.shares import SharesRecord
from suite.records.schema.speed import SpeedRecord
from suite.records.schema.summary import Summary
from suite.records.schema.trial import TrialRecord

Schema = dict[str, Any]
INTRODUCTION = f"""# Records

Every run, measurement and trial leaves records below `results/<scale>/`. Tables, figures and claims are computed from
records alone. Each kind has a pydantic model in `suite/records/schema/`, which its writer and its readers share; the
JSON schemas in [schemas/](schemas/) and this page are generated from these models. A record that does not follow its
schema is named with a reason, and costs its own cells. The present version of the schemas is {RECORD_SCHEMA}; readers
refuse any other. Bytes and rows are sums over ranks and MoE layers unless a field says otherwise.
"""
RUN_FOLDER = "runs/<model>/<task>/<method>/seed<k>"


@dataclass(frozen=True)
class Kind:
    """A kind of record.

    Attributes:
        title: heading of its section.
        place: where it lies below ``results/<scale>``.
        model: its model, or the union of models that a line may be.
        detailed: whether the page lists its fields; a configuration has a page of its own.
    """

    title: str
    place: str
    model: TypeAdapter[Any]
    detailed: bool = True


KINDS = {
    "config": Kind("Run configuration", f"{RUN_FOLDER}/config.yaml", TypeAdapter(RunConfig), detailed=False),
    "environment": Kind("Environment", f"{RUN_FOLDER}/environment.json", TypeAdapter(Environment)),
    "metrics": Kind("Line of metrics", f"{RUN_FOLDER}/metrics.jsonl", METRICS_LINE),
    "summary": Kind("Summary of a run", f"{RUN_FOLDER}/summary.json", TypeAdapter(Summary)),
    "failure": Kind("Failure of a run", f"{RUN_FOLDER}/failure.json", TypeAdapter(Failure)),
    "speed": Kind("Step times", "speed/<cluster>/<model>/<task>.json", TypeAdapter(SpeedRecord)),
    "shares": Kind("Shares of all-to-all", "shares/<cluster>/<model>.json", TypeAdapter(SharesRecord)),
    "probe": Kind("Errors against exact dispatch", "probe/<model>/<task>.json", TypeAdapter(ProbeRecord)),
    "trial": Kind("Trial of a study", "sweeps/<study>/trials/<number>/trial.json", TypeAdapter(TrialRecord)),
}


def json_schemas() -> dict[str, Schema]:
    """The JSON schema of every kind of record, by the kind's name."""
    return {name: kind.model.json_schema() for name, kind in KINDS.items()}


def records_markdown() -> str:
    """The page: every kind, where it lies, its fields with type and meaning; a part is listed where it first occurs."""
    listed: set[str] = set()
    sections = [INTRODUCTION]
    for name, schema in json_schemas().items():
        kind = KINDS[name]
        lines = [f"## {kind.title}", f"`{kind.place}` · [JSON schema](schemas/{name}.schema.json)"]
        parts = schema.pop("$defs", {})
        lines += [_section(schema, None)] if kind.detailed and "properties" in schema else [_summary(schema)]
        if kind.detailed:
            lines += [_section(part, title) for title, part in parts.items() if title not in listed]
            listed |= parts.keys()
        sections.append("\n\n".join(filter(None, lines)) + "\n")
    return "\n".join(sections)


def _section(schema: Schema, title: str | None) -> str:
    """A part's description and the table of its fields."""
    rows = [
        f"| `{name}` | {type_of(field)} | {field.get('description', '').replace('|', chr(92) + '|')} |"
        for name, field in schema.get("properties", {}).items()
    ]
    more = schema.get("additionalProperties")
    if isinstance(more, dict) or more is True:
        rows.append(f"| … | {type_of(more) if isinstance(more, dict) else 'any'} | whatever else there is, by name |")
    table = "\n".join(["| field | type | meaning |", "|:--|:--|:--|", *rows])
    return "\n\n".join(filter(None, [f"### {title}" if title else "", _summary(schema), table]))


def _summary(schema: Schema) -> str:
    """Its description as Markdown."""
    text = " ".join(schema.get("description", "").split()).replace("``", "`")
    return re.sub(r":\w+:`", "`", text)


def type_of(field: Schema) -> str:
    """A field's type in words; a part by its name."""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(map(type_of, field["anyOf"])))
    if field.get("type") == "array":
        items = [type_of(item) for item in field.get("prefixItems", [])]
        return f"[{', '.join(items)}]" if items else f"list of {type_of(field.get('items', {}))}"
    if field.get("type") == "object":
        values = field.get("additionalProperties", {})
        return f"{type_of(values)} by name" if isinstance(values, dict) else "object"
    return str(field.get("type", "any"))
