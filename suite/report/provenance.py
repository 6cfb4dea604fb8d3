"""What the manifest says of each artifact: the command that remakes it, its hash, the records it came from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.report.links import Hyperlink, Hyperlinks

# More records than this are counted, and left to the manifest: a page of thousands of links helps nobody.
LISTED = 60


@dataclass(frozen=True)
class Provenance:
    """Of one artifact, which may be several files (CSV and Markdown, SVG and PDF).

    Attributes:
        command: remakes it; empty where the manifest does not say.
        hashes: (file name, SHA-256) of each file.
        records: links to the first of them.
        further: how many more there are.
    """

    command: str
    hashes: list[tuple[str, str]]
    records: list[Hyperlink]
    further: int


class Manifest:
    """``manifest.json`` of one scale; ``missing`` says why there is none that can be read."""

    def __init__(self, links: Hyperlinks) -> None:
        self.links = links
        values, self.missing = read_json(links.folder / "manifest.json")
        self.commit: str | None = values.get("commit")
        self.artifacts: dict[str, dict[str, Any]] = {entry["path"]: entry for entry in values.get("artifacts", [])}

    def of(self, stem: str, suffixes: Sequence[str]) -> Provenance | None:
        """Provenance of the files ``stem.suffix``; ``None`` where the manifest knows none of them."""
        entries = [self.artifacts[path] for suffix in suffixes if (path := f"{stem}.{suffix}") in self.artifacts]
        if not entries:
            return None
        records = sorted({record for entry in entries for record in entry["records"]})
        return Provenance(
            entries[0]["command"],
            [(Path(entry["path"]).name, entry["sha256"]) for entry in entries],
            [self.links.to(record) for record in records[:LISTED]],
            max(0, len(records) - LISTED),
        )


def read_json(path: Path) -> tuple[Any, str | None]:
    """A JSON file, and why it could not be read: then its content is an empty dict."""
    try:
        return json.loads(path.read_text()), None
    except FileNotFoundError:
        return {}, f"There is no {path.name} yet."
    except (OSError, json.JSONDecodeError) as error:
        return {}, f"{path.name} cannot be read: {error}."
