"""Where every artifact of one scale comes from: ``manifest.json``.

It lists each record with its SHA-256, and each artifact with its SHA-256, the command that makes it anew and the
records it was made from: files, or folders, which stand for all records below them. Paths are relative to the scale's
folder, so a manifest is as good in a copy of that folder.
"""

import ast
import hashlib
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from suite.files import write_atomically
from suite.records.checkout import git_commit

MANIFEST = "manifest.json"
MANIFEST_SCHEMA = 1
RECORD_FOLDERS = ("data", "probe", "runs", "shares", "speed", "sweeps")
RECORD_SUFFIXES = (".json", ".jsonl", ".yaml", ".pt")
# What a study's files were computed into that others start from; all else beside it is made from this.
STUDY_RECORDS = ("study.yaml", "trials.csv")
# What a table or a figure is made from whose module has no READS.
READS = ("runs", "speed")


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
    """The manifest of ``folder`` as it is now."""
    records = record_paths(folder)
    return {
        "schema": MANIFEST_SCHEMA,
        "scale": scale,
        "commit": git_commit(),
        "records": {path: sha256_of_file(folder / path) for path in records},
        "artifacts": [
            {"path": path, "sha256": sha256_of_file(folder / path), **_origin(folder, path, scale, records)}
            for path in artifact_paths(folder)
        ],
    }


def _origin(folder: Path, path: str, scale: str, records: list[str]) -> dict[str, Any]:
    """Command and records of one artifact."""
    room, _, rest = path.partition("/")
    if room == "sweeps":
        study = "/".join(path.split("/")[:2])
        return {"command": f"snakemake sweeps --config scale={scale}", "records": [study]}
    if not rest:  # claims.json and claims.md
        entries = json.loads((folder / "claims.json").read_text()) if (folder / "claims.json").exists() else []
        known = {*records, *artifact_paths(folder)}
        named = {evidence for entry in entries for evidence in entry["evidence"] if evidence in known}
        return {"command": f"lshmoe-bench claims scale={scale}", "records": sorted(named)}
    module = _module_of(room, Path(rest).stem)
    wanted = _constant(room, module, "READS", READS)
    present = [name for name in wanted if any(f"{record}/".startswith(f"{name}/") for record in records)]
    return {"command": f"lshmoe-bench {room} scale={scale} {room}={module}", "records": present}


@cache
def _module_of(room: str, stem: str) -> str:
    """The module that makes ``<room>/<stem>``: the one of that name, or the one that lists it."""
    modules = [path.stem for path in sorted((Path(__file__).parents[1] / room).glob("*.py"))]
    listing = [module for module in modules if stem in _constant(room, module, "NAMES", ())]
    return stem if stem in modules else listing[0] if listing else stem


@cache
def _constant(room: str, module: str, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """A constant of a module, without running it."""
    path = Path(__file__).parents[1] / room / f"{module}.py"
    for node in ast.parse(path.read_text()).body if path.exists() else ():
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return tuple(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    return default


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``manifest.json`` into ``folder``."""
    text = json.dumps(manifest(folder, scale), indent=1, sort_keys=True, ensure_ascii=False)
    write_atomically(folder / MANIFEST, text + "\n")
    return [folder / MANIFEST]
