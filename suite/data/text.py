"""Documents of a source: read one at a time, cleaned, without duplicates, each in one part only."""

import csv
import fnmatch
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from suite.data.hub import hub_documents
from suite.data.parts import Part
from suite.data.registry import AnySource, CsvDocuments, FileDocuments, HubSource, Source
from suite.errors import UserError

_LINE_BREAK_TAGS = re.compile(r"(\s*<br\s*/?>\s*)+")


def documents(source: AnySource, archive: Path | None) -> Iterator[str]:
    """Yield the cleaned, non-empty documents of a source in its order, one at a time.

    Args:
        source: an entry of the registry.
        archive: path of its archive; ``None`` for a source of the hub.

    Raises:
        UserError: if the source holds labelled examples instead of documents.
    """
    for text in _texts(source, archive):
        if document := clean(text):
            yield document


def clean(text: str) -> str:
    """Turn ``<br />`` tags into line breaks and strip the ends."""
    return _LINE_BREAK_TAGS.sub("\n", text).strip()


def part_of(document: str, held_out: float) -> Part:
    """The part of a document. It depends only on the text, so equal documents are never in both parts."""
    return "held_out" if int.from_bytes(_digest(document)[:8], "big") < held_out * 2**64 else "train"


def split(texts: Iterable[str], held_out: float) -> Iterator[tuple[str, Part]]:
    """Yield each distinct document once, with its part; about ``held_out`` of them are held out."""
    seen: set[bytes] = set()
    for document in texts:
        digest = _digest(document)
        if digest not in seen:
            seen.add(digest)
            yield document, part_of(document, held_out)


def _digest(document: str) -> bytes:
    return hashlib.sha256(document.encode()).digest()


def _texts(source: AnySource, archive: Path | None) -> Iterator[str]:
    if isinstance(source, HubSource):
        yield from hub_documents(source)
    elif isinstance(source, Source) and isinstance(source.documents, CsvDocuments | FileDocuments):
        assert archive is not None
        with zipfile.ZipFile(archive) as opened:
            if isinstance(source.documents, CsvDocuments):
                yield from _csv_documents(opened, source.documents)
            else:
                yield from _file_documents(opened, source.documents)
    else:
        raise UserError(f"data {source.name}: it holds no documents; allowed here: a source of documents")


def _csv_documents(archive: zipfile.ZipFile, spec: CsvDocuments) -> Iterator[str]:
    with archive.open(spec.member) as member:
        for row in csv.DictReader(io.TextIOWrapper(member, encoding="utf-8", newline="")):
            if all(row[column] == value for column, value in spec.where.items()):
                yield row[spec.column]


def _file_documents(archive: zipfile.ZipFile, spec: FileDocuments) -> Iterator[str]:
    for name in sorted(fnmatch.filter(archive.namelist(), spec.members)):
        yield archive.read(name).decode("utf-8")
