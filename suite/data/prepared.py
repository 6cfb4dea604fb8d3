"""Prepared folders: made once per recipe, atomically, and checked at every use.

A folder holds what its writer writes, and ``manifest.json`` with a SHA-256 of every other file.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from suite.data.fetch import fresh_folder, locked, sha256_of
from suite.errors import UserError


def recipe_folder(parent: Path, names: Sequence[str], recipe: dict[str, Any]) -> Path:
    """The folder below ``parent`` for a recipe, which holds everything that decides the contents."""
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    return parent / f"{'-'.join(names)}-{digest[:12]}"


def prepare_folder(folder: Path, write: Callable[[Path], dict[str, Any]]) -> None:
    """Make ``folder`` if it is missing, else check it. Safe to call from several processes.

    Args:
        folder: its final path; it appears there when it is complete.
        write: fills the folder that it is given, and returns the entries of the manifest.

    Raises:
        UserError: if a prepared file is missing or corrupted, with the remedy.
    """
    with locked(folder):
        if folder.exists():
            _verify(folder)
            return
        partial = folder.with_name(folder.name + ".partial")
        with fresh_folder(partial):
            facts = write(partial)
            manifest = facts | {"files": {path.name: sha256_of(path) for path in sorted(partial.iterdir())}}
            (partial / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
            partial.rename(folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a prepared folder says about itself.

    Raises:
        UserError: if it has not been prepared, with the remedy.
    """
    if not folder.exists():
        raise UserError(f"data: {folder} is not there; run lshmoe-bench prepare for this task and scale")
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return manifest


def _verify(folder: Path) -> None:
    try:
        files = json.loads((folder / "manifest.json").read_text())["files"]
        intact = all(sha256_of(folder / name) == digest for name, digest in files.items())
    except (OSError, ValueError, KeyError):
        intact = False
    if not intact:
        raise UserError(f"data: {folder} is corrupted; delete it and run again to prepare it anew")
