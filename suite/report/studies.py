"""Studies of ``sweeps/``, each with its own report, figures and files."""

from dataclasses import dataclass

from suite.report.artifacts import FIGURE_FILES, Artifact, title_of
from suite.report.links import Link, Links
from suite.report.markdown import render
from suite.report.svg import inline

FILES = ("study.yaml", "trials.csv", "pareto.csv", "importance.csv", "best.csv", "confirmation.csv", "report.md")


@dataclass(frozen=True)
class Study:
    """One study: what its ``report.md`` says as HTML, its figures and links to its files."""

    anchor: str
    title: str
    html: str
    figures: list[Artifact]
    files: list[Link]


def list_studies(links: Links) -> list[Study]:
    """Every folder below ``sweeps/`` that holds a ``study.yaml``, by name."""
    studies = []
    for path in sorted(links.folder.glob("sweeps/*/study.yaml")):
        name, folder = path.parent.name, path.parent
        report = folder / "report.md"
        text = report.read_text() if report.exists() else "This study has no report yet."
        section = render(text, name, base=f"sweeps/{name}")
        drawings = []
        for svg in sorted(folder.glob("figures/*.svg")):
            anchor, title = f"study-{name}-{svg.stem}", title_of(svg.stem)
            files = links.beside(f"sweeps/{name}/figures/{svg.stem}", FIGURE_FILES)
            drawings.append(Artifact(anchor, title, "", inline(svg, anchor, title), files, None))
        files = [link for file in FILES if (link := links.to(f"sweeps/{name}/{file}", file)).href]
        studies.append(Study(f"study-{name}", section.title, section.html, drawings, files))
    return studies
