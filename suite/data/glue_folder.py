"""Labelled examples from a folder with the layout of GLUE's archives: ``SST-2/train.tsv``, ``MRPC/dev.tsv``, …"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.data.example import Example
from suite.data.fetch import sha256_of
from suite.data.registry import AnySource, HubExamples, TableExamples, TableFile, source
from suite.errors import UserError


@dataclass(frozen=True)
class GlueTable:
    """One file of the folder.

    Attributes:
        entry: what the registry says of it.
        table: how to read it.
        folder: with GLUE's layout.
    """

    entry: HubExamples | TableExamples
    table: TableFile
    folder: Path

    @property
    def name(self) -> str:
        """Of the registry's entry."""
        return self.entry.name

    @property
    def path(self) -> Path:
        """The file.

        Raises:
            UserError: if it is not there, with what is.
        """
        path = self.folder / self.table.file
        if not self.folder.is_dir():
            raise UserError(f"glue_dir: {self.folder} is no folder; name one with GLUE's layout ({self.table.file}, …)")
        if not path.is_file():
            there = sorted(str(file.relative_to(self.folder)) for file in self.folder.glob("*/*"))
            raise UserError(f"glue_dir: {self.folder} has no {self.table.file}; it has {', '.join(there) or 'nothing'}")
        return path

    def recipe(self) -> dict[str, Any]:
        """What decides the contents of data prepared from this file."""
        return {"name": self.name, "table": self.table.model_dump(mode="json"), "sha256": sha256_of(self.path)}

    def record(self) -> dict[str, str]:
        """What a run's record says about this file."""
        about = {field: getattr(self.entry, field) for field in ("name", "title", "licence", "split")}
        return about | {"file": self.table.file, "sha256": sha256_of(self.path)}

    def examples(self) -> Iterator[Example]:
        """Read the file, a line at a time; no group reaches beyond a line.

        Raises:
            UserError: naming the line that is not as the registry says.
        """
        table, names = self.table, self.table.columns
        for number, line in enumerate(self._lines(), start=1):
            fields = line.rstrip("\r\n").split("\t")
            if names is None:
                names = self._header(fields)
                continue
            if len(fields) < len(names) and table.short_lines == "left out":
                continue
            where = f"glue_dir: {table.file} line {number}"
            if len(fields) != len(names):
                raise UserError(f"{where} has {len(fields)} columns; expected {len(names)}: {', '.join(names)}")
            row = dict(zip(names, fields, strict=True))
            if row[table.label] not in table.classes:
                allowed = ", ".join(table.classes)
                raise UserError(f"{where}: {table.label} is {row[table.label]!r}; expected one of {allowed}")
            label = table.classes.index(row[table.label])
            yield Example(row[table.text], label, f"{table.file} {number}", row[table.pair] if table.pair else None)

    def _lines(self) -> Iterator[str]:
        try:
            with self.path.open(encoding="utf-8-sig", newline="\n") as file:
                first = next(file, None)
                if first is None:
                    raise UserError(f"glue_dir: {self.table.file} is empty; unpack it again")
                yield first
                yield from file
        except UnicodeDecodeError as error:
            raise UserError(f"glue_dir: {self.table.file} is not UTF-8 ({error.reason}); unpack it again") from None

    def _header(self, found: list[str]) -> list[str]:
        wanted = [self.table.text, *([self.table.pair] if self.table.pair else []), self.table.label]
        if missing := [name for name in wanted if name not in found]:
            raise UserError(
                f"glue_dir: {self.table.file} has no column {', '.join(missing)}; found: {', '.join(found)}. "
                "Is it a file of another task?"
            )
        return found


def located(name: str, glue_dir: Path | None) -> AnySource | GlueTable:
    """The source called ``name``, as a file of ``glue_dir`` where that is given and has it.

    Raises:
        UserError: if there is no such source, or only a folder has it and none is given.
    """
    entry = source(name)
    if isinstance(entry, TableExamples):
        if glue_dir is None:
            file = entry.table.file
            raise UserError(f"glue_dir: not set, and only a folder has {entry.title}; set it to one that holds {file}")
        return GlueTable(entry, entry.table, glue_dir)
    if isinstance(entry, HubExamples) and entry.table is not None and glue_dir is not None:
        return GlueTable(entry, entry.table, glue_dir)
    return entry
