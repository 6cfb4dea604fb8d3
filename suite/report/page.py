"""The page put together: everything inlined, the same bytes for the same records."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from suite.errors import UserError
from suite.files import write_atomically
from suite.records.evidence import read_evidence
from suite.report.artifacts import figures, not_drawn, tables
from suite.report.ledger import read_ledger
from suite.report.links import Hyperlinks
from suite.report.markdown import render
from suite.report.provenance import Manifest
from suite.report.runs import list_faults, list_runs
from suite.report.studies import list_studies

PARTS = Path(__file__).parent / "parts"


def build(folder: Path, scale: str) -> Path:
    """Write ``report.html`` into ``folder``, the results of ``scale``, and return its path.

    Raises:
        UserError: there is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"results: there is no {folder}; run the pipeline first, or choose results=FOLDER")
    write_atomically(folder / "report.html", html(folder, scale))
    return folder / "report.html"


def html(folder: Path, scale: str) -> str:
    """The page for ``folder``; its links are relative to that."""
    links = Hyperlinks(folder)
    ledger = read_ledger(links)
    manifest, evidence = Manifest(links), read_evidence(folder)
    runs, environments = list_runs(evidence, links)
    parts = Environment(
        loader=FileSystemLoader(PARTS), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    return parts.get_template("page.html.j2").render(
        scale=scale,
        style=Markup((PARTS / "style.css").read_text()),
        script=Markup((PARTS / "filter.js").read_text()),
        ledger=ledger,
        answer=render(ledger.answer, "The answer").html,
        manifest=manifest,
        tables=tables(manifest, scale),
        figures=figures(manifest),
        not_drawn=not_drawn(links),
        studies=list_studies(links),
        runs=runs,
        environments=environments,
        faults=list_faults(evidence, links),
        manifest_link=links.to("manifest.json"),
    )
