"""What all records share: strict models of finite numbers, the schema's version, and the JSON they are written as."""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from suite.config.base import NonNegativeInt

# Version of the records that runs, measurements and trials leave; readers refuse any other.
RECORD_SCHEMA: Literal[3] = 3

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Seed = Annotated[NonNegativeInt, Field(description="root seed")]
ModelName = Annotated[str, Field(description="name of the model's configuration")]
TaskName = Annotated[str, Field(description="name of the task's configuration")]
MethodName = Annotated[str, Field(description="name of the method's configuration")]
ScaleName = Annotated[str, Field(description="name of the scale's configuration")]
ClusterName = Annotated[str, Field(description="name of the cluster's configuration")]


class Part(BaseModel):
    """A part of a record: frozen, without unknown fields, and every number finite."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_by_name=True, serialize_by_alias=True
    )


class Record(Part):
    """A record of its own version: JSON has it as ``schema``."""

    schema_version: Literal[3] = Field(
        default=RECORD_SCHEMA,
        validation_alias="schema",
        serialization_alias="schema",
        description="version of this schema",
    )


def as_json(part: BaseModel, indent: int | None = 1) -> str:
    """One JSON object and a line end, as records are written.

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps(part.model_dump(mode="json"), indent=indent, allow_nan=False) + "\n"
