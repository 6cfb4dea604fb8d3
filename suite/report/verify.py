"""Does a results folder still say what its records say?

Every record and artifact is held against the manifest; tables and claims are computed from the records anew.
"""

import io
import json
from contextlib import redirect_stderr
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from suite.claims import build as claims
from suite.errors import UserError
from suite.records.evidence import read_evidence
from suite.report.manifest import (
    MANIFEST,
    MANIFEST_SCHEMA,
    RECORD_FOLDERS,
    artifact_paths,
    record_paths,
    sha256_of_file,
)
from suite.tables import build as tables


def verify(folder: Path) -> list[str]:
    """What no longer matches, one line each; nothing if all does.

    Raises:
        UserError: there is no manifest that can be read.
    """
    known = _read(folder)
    artifacts = {entry["path"]: entry["sha256"] for entry in known["artifacts"]}
    found = _against("record", folder, known["records"], record_paths(folder))
    found += _against("artifact", folder, artifacts, artifact_paths(folder))
    found += [str(fault).replace(f"{folder}/", "") for fault in read_evidence(folder).invalid]
    return found + _rebuilt(folder, known["scale"])


def _read(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.exists():
        raise UserError(f"results: {folder} has no {MANIFEST}; write one with lshmoe-bench manifest scale=…")
    try:
        known: dict[str, Any] = json.loads(path.read_text())
        complete = known["schema"] == MANIFEST_SCHEMA and {"scale", "records", "artifacts"} <= set(known)
    except (ValueError, KeyError, TypeError):
        complete = False
    if not complete:
        raise UserError(f"results: {path} is truncated or another version's; write it anew with lshmoe-bench manifest")
    return known


def _against(what: str, folder: Path, known: dict[str, str], present: list[str]) -> list[str]:
    missing = [f"{what} missing: {path}" for path in known if path not in present]
    new = [f"{what} not in the manifest: {path}" for path in present if path not in known]
    kept = [path for path in known if path in present]
    edited = [f"{what} edited: {path}" for path in kept if sha256_of_file(folder / path) != known[path]]
    return [*missing, *edited, *new]


def _rebuilt(folder: Path, scale: str) -> list[str]:
    """Tables and claims that come out differently from these records with this code."""
    found = []
    with TemporaryDirectory() as temporary, redirect_stderr(io.StringIO()):
        fresh = Path(temporary) / scale
        fresh.mkdir()
        for name in RECORD_FOLDERS:
            if (folder / name).exists():
                (fresh / name).symlink_to((folder / name).resolve(), target_is_directory=True)
        for path in [*tables.build(fresh, scale), *claims.build(fresh, scale)]:
            place = path.relative_to(fresh)
            if (folder / place).exists() and (folder / place).read_bytes() != path.read_bytes():
                found.append(f"differs when rebuilt: {place}, {_first_difference(folder / place, path)}")
    return found


def _first_difference(old: Path, new: Path) -> str:
    pairs = zip_longest(old.read_text(errors="replace").splitlines(), new.read_text().splitlines(), fillvalue="")
    for number, (before, after) in enumerate(pairs, start=1):
        if before != after:
            start = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
            part = slice(max(0, start - 20), start + 40)
            return f"line {number}: {before[part]!r} is now {after[part]!r}"
    return "in its line ends"
