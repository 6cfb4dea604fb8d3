"""The data that a record's numbers were measured on."""

from pydantic import ConfigDict, Field, JsonValue

from suite.records.schema.base import Part


class DataSource(Part):
    """One source of a task's data; what else identifies it depends on where it comes from: version, hashes, …."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    name: str = Field(description="of the source, as in the registry of data")

    @property
    def tokenizer_sha256(self) -> str | None:
        """SHA-256 of the tokenizer that the text was prepared with; None where data are no text."""
        prepared = self.__pydantic_extra__.get("prepared")
        files = prepared.get("files") if isinstance(prepared, dict) else None
        digest = files.get("tokenizer.json") if isinstance(files, dict) else None
        return None if digest is None else str(digest)
