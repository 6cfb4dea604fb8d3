"""Studies of ``sweeps/``, each with its own report, figures and files."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from suite.report.artifacts import title_of
from suite.report.links import Hyperlink, Hyperlinks
from suite.report.markdown import render
from suite.report.svg import inline

FILES = ("study.yaml", "trials.csv", "pareto.csv", "importance.csv", "best.csv", "confirmation.csv", "report.md")


@dataclass(frozen=True)
class Study:
    """One study: what its ``report.md`` says as HTML, figures included, and links to its files."""

    anchor: str
    title: str
    html: str
    files: list[Hyperlink]


def list_studies(links: Hyperlinks) -> list[Study]:
    """Every folder below ``sweeps/`` that holds a ``study.yaml``, by name."""
    studies = []
    for path in sorted(links.folder.glob("sweeps/*/study.yaml")):
        folder, name = path.parent, path.parent.name
        report = folder / "report.md"
        text = report.read_text() if report.exists() else "This study has no report yet."
        section = render(text, name, base=f"sweeps/{name}", draw=partial(_draw, folder))
        files = [link for file in FILES if (link := links.to(f"sweeps/{name}/{file}", file)).href]
        studies.append(Study(f"study-{name}", section.title, section.html, files))
    return studies


def _draw(folder: Path, source: str) -> str:
    """A figure of the study, as its report names it; nothing where it is not there."""
    path = folder / source
    if path.suffix != ".svg" or not path.is_file():
        return ""
    title = title_of(path.stem)
    drawing = inline(path, f"study-{folder.name}-{path.stem}", title)
    return f'<span class="scroll plot" role="region" tabindex="0" aria-label="{title}">{drawing}</span>'
