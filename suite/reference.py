"""Publish one finished run of the nano pipeline: ``python -m suite.reference``.

Copies its records (not its weights), tables, figures and claims to ``results/reference``, adds a manifest and a crate,
and puts some tables and figures into ``README.md``.
"""

import json
import shutil
from pathlib import Path

from suite import crate, manifest
from suite.errors import UserError, exit_on_error
from suite.evidence import read_evidence
from suite.files import write_atomically

BEGIN, END = "<!-- reference:begin -->", "<!-- reference:end -->"
PARTS = ("data", "runs", "speed", "shares", "probe", "sweeps", "tables", "figures")
FILES = ("claims.json", "claims.md")
SHOWN = ("tables/convergence.md", "tables/speedup.md", "figures/convergence.svg", "figures/kappa_map.svg")
NEEDED = (*SHOWN, *FILES)


def publish(source: Path, target: Path, readme: Path) -> None:
    """Replace ``target`` by the records, tables and figures of ``source`` and refresh ``readme`` between its markers.

    Raises:
        UserError: ``source`` is unfinished or holds a record at fault, or ``readme`` has lost its markers.
    """
    missing = [name for name in NEEDED if not (source / name).exists()]
    if missing:
        raise UserError(f"results: {source} lacks {', '.join(missing)}; run make reproduce first")
    faults = read_evidence(source).invalid
    if faults:
        raise UserError(f"results: {faults[0]}")
    text = readme.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise UserError(f"{readme}: the markers {BEGIN} and {END} must be there once each")
    shutil.rmtree(target, ignore_errors=True)
    for part in PARTS:
        if (source / part).exists():
            left_out = shutil.ignore_patterns("checkpoint*", "captures", "*.log", "*.db", "*.db-*", ".*")
            shutil.copytree(source / part, target / part, ignore=left_out)
    for name in FILES:
        shutil.copy(source / name, target / name)
    scale = str(json.loads((target / "claims.json").read_text())[0]["scale"])
    manifest.build(target, scale)
    crate.build(target, scale)
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    write_atomically(readme, f"{before}{BEGIN}\n{excerpt(target, readme.parent)}{END}{after}")


def excerpt(folder: Path, root: Path) -> str:
    """Tables and figure of ``folder`` as Markdown, with links relative to ``root``."""
    tables = [(folder / name).read_text() for name in SHOWN[:2]]
    captions = ("Held-out quality against steps and against time", "Speed-up against kappa, measured and predicted")
    figures = [
        f"![{caption}]({(folder / name).relative_to(root)})\n"
        for caption, name in zip(captions, SHOWN[2:], strict=True)
    ]
    return "\n".join([*tables, *figures])


def main() -> None:
    with exit_on_error():
        publish(Path("results/nano"), Path("results/reference"), Path("README.md"))


if __name__ == "__main__":
    main()
