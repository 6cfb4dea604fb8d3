"""All figures that one scale's records allow, or some.

``figures/index.json`` says afterwards which ones were drawn, and of the others why not.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from suite.errors import UserError
from suite.figures import names
from suite.files import write_atomically
from suite.loading import load
from suite.records.opened import noting
from suite.records.sources import leave_sources


def build(folder: Path, wanted: Sequence[str] | None = None) -> list[Path]:
    """Draw the ``wanted`` figures, all by default, below ``folder``; say on stderr which ones lack records.

    Raises:
        UserError: for a figure that there is not.
    """
    paths: list[Path] = []
    index: dict[str, dict[str, object]] = {"drawn": {}, "not_drawn": {}}
    with noting() as opened_by_all:
        for figure in load("suite.figures", "figures", None if wanted is None else list(wanted), names()):
            name = figure.__name__.rpartition(".")[2]
            try:
                with noting() as opened:
                    files = figure.build(folder)
            except UserError as error:
                print(f"{name} not drawn: {error}", file=sys.stderr)
                index["not_drawn"][name] = str(error).replace(str(folder), folder.name)
                continue
            leave_sources(folder, "figures", name, files, opened)
            index["drawn"][name] = {"caption": figure.CAPTION, "files": [path.name for path in files]}
            paths += files
    if wanted is None:
        place = folder / "figures" / "index.json"
        write_atomically(place, json.dumps(index, indent=1, ensure_ascii=False) + "\n")
        leave_sources(folder, "figures", "index", [place], opened_by_all)
    return paths
