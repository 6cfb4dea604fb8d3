"""Publish one finished run of the nano pipeline.

Copies its records (not its weights), tables, figures and claims to ``results/reference``, adds a manifest and a crate,
and puts some tables and figures into ``README.md``.
"""

import json
import shutil
from collections import Counter
from pathlib import Path

from suite.claims.finding import VERDICTS
from suite.errors import UserError
from suite.files import write_atomically
from suite.records.evidence import read_evidence
from suite.report import crate, manifest

BEGIN, END = "<!-- reference:begin -->", "<!-- reference:end -->"
PARTS = ("data", "runs", "speed", "shares", "probe", "sweeps", "tables", "figures", "sources")
FILES = ("claims.json", "claims.md")
# In README.md, with the figures' captions.
SHOWN = "tables/convergence.md"
DRAWN = {
    "figures/kappa_map.svg": "Speed-up against kappa, measured and predicted",
    "figures/pareto.svg": "Quality against bytes on the wire",
}
NEEDED = (SHOWN, *DRAWN, *FILES)


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
    """Verdicts counted, a table and figures of ``folder`` as Markdown, with links relative to ``root``."""
    here = folder.relative_to(root)
    verdicts = Counter(claim["verdict"] for claim in json.loads((folder / "claims.json").read_text()))
    counts = ", ".join(f"{verdicts[name]} {name}" for name in VERDICTS if verdicts[name])
    ledger = f"### Verdicts\n\n{verdicts.total()} [claims of the paper]({here}/claims.md) at this scale: {counts}.\n"
    figures = [f"![{caption}]({here / name})\n" for name, caption in DRAWN.items()]
    return "\n".join([ledger, (folder / SHOWN).read_text(), *figures])
