"""The data registry: what each source is, where it comes from, and how to tell that it arrived intact."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

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


class HubExamples(_Strict):
    """Labelled examples of one split of a data set on the Hugging Face hub, at a fixed revision."""

    kind: Literal["hub_examples"]
    path: str
    config: str | None = None
    split: str
    revision: str
    text: str = Field(description="column of the text")
    pair: str | None = Field(default=None, description="column of the second text, if there is one")
    label: str = Field(description="column of the class number")


class Source(_Strict):
    """One entry of ``registry.yaml``."""

    name: str
    title: str
    package: str | None = None
    version: str | None = None
    archive: str | None = Field(default=None, description="file name of the downloaded archive")
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    licence: str
    split: str
    documents: Annotated[CsvDocuments | FileDocuments | MemberFiles | HubExamples, Field(discriminator="kind")]

    @model_validator(mode="after")
    def _is_pinned(self) -> "Source":
        """A package by its checksum, a data set on the hub by its revision."""
        package = (self.package, self.version, self.archive, self.sha256)
        if any(package) if isinstance(self.documents, HubExamples) else not all(package):
            raise ValueError("documents: a package has package, version, archive and sha256; a hub's data set has none")
        return self

    def record(self) -> dict[str, Any]:
        """What a run's record says about this source."""
        entry = self.model_dump(
            include={"name", "title", "package", "version", "sha256", "licence", "split"}, exclude_none=True
        )
        if isinstance(self.documents, HubExamples):
            entry["hub"] = self.documents.model_dump(include={"path", "config", "split", "revision"})
        return entry


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
