"""Where every artifact of one scale comes from: ``manifest.json``.

It lists each record with its SHA-256, and each artifact with its SHA-256, the command that makes it anew and the
records that its build opened: files, or folders, which stand for all records below them. Paths are relative to the
scale's folder, so a manifest is as good in a copy of that folder.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from suite.errors import UserError
from suite.files import write_atomically
from suite.records.checkout import git_commit
from suite.records.sources import Sources, read_sources

MANIFEST = "manifest.json"
MANIFEST_SCHEMA = 2
RECORD_FOLDERS = ("data", "probe", "runs", "shares", "speed", "sweeps")
RECORD_SUFFIXES = (".json", ".jsonl", ".yaml", ".pt", ".npz")
# What a study's files were computed into that others start from; all else beside it is made from this.
STUDY_RECORDS = ("study.yaml", "trials.csv")


def record_paths(folder: Path) -> list[str]:
    """Records below ``folder``, sorted; weights are none."""
    found = []
    for name in RECORD_FOLDERS:
        for path in _files(folder / name):
            relative = path.relative_to(folder)
            if name == "sweeps" and len(relative.parts) == 3:
                if path.name in STUDY_RECORDS:
                    found.append(relative.as_posix())
            elif path.suffix in RECORD_SUFFIXES:
                found.append(relative.as_posix())
    return sorted(found)


def artifact_paths(folder: Path) -> list[str]:
    """Tables, figures, claims and what studies came to, sorted."""
    found = [path for name in ("tables", "figures") for path in _files(folder / name)]
    found += [path for name in ("claims.json", "claims.md") if (path := folder / name).exists()]
    records = set(record_paths(folder))
    for study in sorted(folder.glob("sweeps/*")):
        found += [path for pattern in ("*.csv", "*.md", "figures/*") for path in study.glob(pattern) if path.is_file()]
    return sorted({path.relative_to(folder).as_posix() for path in found} - records)


def _files(folder: Path) -> Iterator[Path]:
    """Every file below ``folder``, but none that is hidden or below a hidden folder or a checkpoint."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "checkpoint")))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest(folder: Path, scale: str) -> dict[str, Any]:
    """The manifest of ``folder`` as it is now.

    Raises:
        UserError: an artifact does not say what it was made from.
    """
    records, artifacts = record_paths(folder), artifact_paths(folder)
    origins = _origins(folder, scale, records, artifacts)
    return {
        "schema": MANIFEST_SCHEMA,
        "scale": scale,
        "commit": git_commit(),
        "records": {path: sha256_of_file(folder / path) for path in records},
        "artifacts": [{"path": path, "sha256": sha256_of_file(folder / path), **origins[path]} for path in artifacts],
    }


def _origins(
    folder: Path, scale: str, records: Sequence[str], artifacts: Sequence[str]
) -> dict[str, dict[str, str | list[str]]]:
    """Command and records of every artifact, by its path."""
    sources = read_sources(folder)
    found: dict[str, dict[str, str | list[str]]] = {}
    named = {source.artifacts[0]: covering(source.records, [*records, *artifacts]) for source in sources.values()}
    for path in artifacts:
        if path.startswith("sweeps/"):
            study = "/".join(path.split("/")[:2])
            found[path] = {"command": f"snakemake sweeps --config scale={scale}", "records": [study]}
        elif path in sources:
            source = sources[path]
            found[path] = {"command": _command(source, scale), "records": named[source.artifacts[0]]}
        else:
            room = path.split("/")[0].split(".")[0]
            raise UserError(
                f"results: nothing says what {folder / path} was made from; build it anew by "
                f"lshmoe-bench {room} scale={scale}, or remove it"
            )
    return found


def _command(source: Sources, scale: str) -> str:
    alone = [] if source.name in ("claims", "index") else [f"{source.room}={source.name}"]
    return " ".join([f"lshmoe-bench {source.room} scale={scale}", *alone])


def covering(opened: Iterable[str], known: Sequence[str]) -> list[str]:
    """The fewest files and folders that stand for just those of ``known`` that lie at or below a path of ``opened``."""
    paths = set(opened)
    folders = {path: [path[:place] for place, sign in enumerate(path) if sign == "/"] for path in known}
    inside = [path for path in known if path in paths or not paths.isdisjoint(folders[path])]
    of_all = Counter(parent for path in known for parent in folders[path])
    of_inside = Counter(parent for path in inside for parent in folders[path])
    whole = {parent for parent, count in of_inside.items() if count == of_all[parent]}
    return sorted({next((parent for parent in folders[path] if parent in whole), path) for path in inside})


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``manifest.json`` into ``folder``."""
    text = json.dumps(manifest(folder, scale), indent=1, sort_keys=True, ensure_ascii=False)
    write_atomically(folder / MANIFEST, text + "\n")
    return [folder / MANIFEST]
