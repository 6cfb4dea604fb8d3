"""The data registry: what each source is, where it comes from, and how to tell that it arrived intact."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from suite.errors import unknown

REGISTRY = Path(__file__).parent / "registry.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CsvDocuments(_Strict):
    """One document per CSV row whose columns equal ``where``."""

    kind: Literal["csv"]
    member: str
    column: str
    where: dict[str, str] = {}


class FileDocuments(_Strict):
    """One document per archive member that matches the pattern."""

    kind: Literal["files"]
    members: str


class MemberFiles(_Strict):
    """Examples made by ``reader``, a function from the paths of the unpacked members to an iterator of examples."""

    kind: Literal["members"]
    members: list[str] = Field(min_length=1, description="patterns of members of the archive")
    reader: str = Field(description="dotted name")


class Source(_Strict):
    """One entry of ``registry.yaml``."""

    name: str
    title: str
    package: str
    version: str
    archive: str = Field(description="file name of the downloaded archive")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    licence: str
    split: str
    documents: Annotated[CsvDocuments | FileDocuments | MemberFiles, Field(discriminator="kind")]

    def record(self) -> dict[str, str]:
        """What a run's record says about this source."""
        return self.model_dump(include={"name", "title", "package", "version", "sha256", "licence", "split"})


@cache
def registry() -> dict[str, Source]:
    """All known sources by name."""
    entries = yaml.safe_load(REGISTRY.read_text())
    return TypeAdapter(dict[str, Source]).validate_python({name: {"name": name, **e} for name, e in entries.items()})


def source(name: str) -> Source:
    """The source called ``name``.

    Raises:
        UserError: if there is none, with the names there are.
    """
    if name not in registry():
        raise unknown("task.sources", name, registry())
    return registry()[name]
