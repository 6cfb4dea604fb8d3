"""The ledger of one scale as files."""

import json
from pathlib import Path

from suite.claims.markdown import markdown
from suite.claims.verdicts import judge_all
from suite.files import write_atomically
from suite.records.opened import noting
from suite.records.sources import leave_sources


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``claims.{json,md}`` below ``folder``, and what they were made from."""
    with noting() as opened:
        entries = [one.entry() for one in judge_all(folder, scale)]
    paths = folder / "claims.json", folder / "claims.md"
    write_atomically(paths[0], json.dumps(entries, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    write_atomically(paths[1], markdown(entries, scale))
    leave_sources(folder, "claims", "claims", paths, opened)
    return list(paths)
