"""Publish one finished run of the nano pipeline.

Copies its records (not its weights), tables, figures and claims to ``results/reference``, adds a manifest and a crate,
and puts some tables and figures into ``README.md``.
"""

import json
import shutil
from pathlib import Path

from suite.claims.answer import answer
from suite.claims.markdown import counts
from suite.errors import UserError
from suite.files import write_atomically
from suite.records.evidence import read_evidence
from suite.report import crate, manifest

BEGIN, END = "<!-- reference:begin -->", "<!-- reference:end -->"
ANSWER_BEGIN, ANSWER_END = "<!-- answer:begin -->", "<!-- answer:end -->"
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
    for marker in (ANSWER_BEGIN, ANSWER_END, BEGIN, END):
        if text.count(marker) != 1:
            raise UserError(f"{readme}: the markers {marker} must be there once")
    shutil.rmtree(target, ignore_errors=True)
    for part in PARTS:
        if (source / part).exists():
            left_out = shutil.ignore_patterns("checkpoint*", "captures", "*.log", "*.db", "*.db-*", ".*")
            shutil.copytree(source / part, target / part, ignore=left_out)
    for name in FILES:
        shutil.copy(source / name, target / name)
    entries = json.loads((target / "claims.json").read_text())
    scale = str(entries[0]["scale"])
    manifest.build(target, scale)
    crate.build(target, scale)
    text = between(text, ANSWER_BEGIN, ANSWER_END, answer(entries) + "\n")
    write_atomically(readme, between(text, BEGIN, END, excerpt(target, readme.parent)))


def between(text: str, begin: str, end: str, new: str) -> str:
    """``text`` with what stands between two markers replaced."""
    before, after = text.split(begin)[0], text.split(end)[1]
    return f"{before}{begin}\n{new}{end}{after}"


def excerpt(folder: Path, root: Path) -> str:
    """Verdicts counted, a table and figures of ``folder`` as Markdown, with links relative to ``root``."""
    here = folder.relative_to(root)
    entries = json.loads((folder / "claims.json").read_text())
    title = f"### Verdicts\n\n{len(entries)} [claims]({here}/claims.md) at this scale, by what their verdicts rest on:"
    ledger = f"{title}\n\n{counts(entries)}\n"
    figures = [f"![{caption}]({here / name})\n" for name, caption in DRAWN.items()]
    return "\n".join([ledger, (folder / SHOWN).read_text(), *figures])
