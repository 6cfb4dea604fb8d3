"""Which records every table, figure and ledger was made from: left by their builds, read by the manifest."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from suite.errors import UserError
from suite.files import write_atomically
from suite.records.schema.base import Part, as_json

FOLDER = "sources"


class Sources(Part):
    """``sources/<room>/<name>.json``. All paths are relative to ``results/<scale>``."""

    room: str = Field(description="tables, figures or claims")
    name: str = Field(description="of the module that made the artifacts")
    artifacts: list[str] = Field(description="the files that it wrote")
    records: list[str] = Field(description="what it opened: files, and folders of runs")


def leave_sources(folder: Path, room: str, name: str, artifacts: Sequence[Path], opened: Iterable[Path]) -> None:
    """Say what artifacts were made from.

    Args:
        folder: ``results/<scale>``; both the artifacts and the records lie below it.
        room: ``tables``, ``figures`` or ``claims``.
        name: of the module that made the artifacts.
        artifacts: the files that it wrote.
        opened: of :func:`suite.records.opened.noting`.
    """
    paths = [sorted(path.relative_to(folder).as_posix() for path in group) for group in (artifacts, opened)]
    sources = Sources(room=room, name=name, artifacts=paths[0], records=paths[1])
    write_atomically(folder / FOLDER / room / f"{name}.json", as_json(sources))


def read_sources(folder: Path) -> dict[str, Sources]:
    """What every artifact below ``folder`` was made from, by its path.

    Raises:
        UserError: a file is damaged.
    """
    found: dict[str, Sources] = {}
    for path in sorted(folder.glob(f"{FOLDER}/*/*.json")):
        try:
            sources = Sources.model_validate_json(path.read_bytes())
        except ValidationError:
            raise UserError(f"results: {path} is damaged; remove it and build the {path.parent.name} anew") from None
        found |= dict.fromkeys(sources.artifacts, sources)
    return found
