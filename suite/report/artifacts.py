"""Tables and figures of one scale, with the captions of their modules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import suite.figures
import suite.tables
from suite.loading import load
from suite.report.links import Hyperlink, Hyperlinks
from suite.report.markdown import code, render
from suite.report.provenance import Manifest, Provenance, read_json
from suite.report.svg import inline

TABLE_FILES, FIGURE_FILES = ("md", "csv", "tex"), ("svg", "pdf", "png")


@dataclass(frozen=True)
class Artifact:
    """A table or a figure as it stands in the page.

    Attributes:
        anchor: its id in the page.
        title: its heading.
        caption: of a figure, as HTML; a table has its own inside ``html``.
        html: the table, or the figure as SVG.
        files: links to its files.
        provenance: ``None`` where no manifest speaks of it.
    """

    anchor: str
    title: str
    caption: str
    html: str
    files: list[Hyperlink]
    provenance: Provenance | None


def tables(manifest: Manifest, scale: str) -> list[Artifact]:
    """Every table below ``tables/`` that is there as Markdown; the page says ``scale`` once, not in each title."""
    found = []
    modules = load("suite.tables", "tables", None, suite.tables.names())
    for stem, caption in _in_order(manifest.links.folder / "tables", "md", modules):
        path = f"tables/{stem}"
        section = render((manifest.links.folder / f"{path}.md").read_text(), title_of(stem), caption)
        files, provenance = manifest.links.beside(path, TABLE_FILES), manifest.of(path, TABLE_FILES)
        title = section.title.removesuffix(f", scale {scale}")
        found.append(Artifact(f"table-{stem}", title, "", section.html, files, provenance))
    return found


def figures(manifest: Manifest) -> list[Artifact]:
    """Every figure below ``figures/`` that is there as SVG."""
    found = []
    modules = load("suite.figures", "figures", None, suite.figures.names())
    for stem, caption in _in_order(manifest.links.folder / "figures", "svg", modules):
        path, anchor = f"figures/{stem}", f"figure-{stem}"
        drawing = inline(manifest.links.folder / f"{path}.svg", anchor, f"{title_of(stem)}. {caption}")
        # Some figures come with their numbers as a table of the same name.
        files = manifest.links.beside(path, FIGURE_FILES) + manifest.links.beside(f"tables/{stem}", ("csv",))
        provenance = manifest.of(path, FIGURE_FILES)
        found.append(Artifact(anchor, title_of(stem), code(caption), drawing, files, provenance))
    return found


def not_drawn(links: Hyperlinks) -> list[tuple[str, str]]:
    """Figures that lack records: title and reason."""
    index, _ = read_json(links.folder / "figures" / "index.json")
    return [(title_of(name), reason) for name, reason in sorted(index.get("not_drawn", {}).items())]


def _in_order(folder: Path, suffix: str, modules: Sequence[ModuleType]) -> Iterator[tuple[str, str]]:
    """Stem and caption of each file of ``folder``: those of ``modules`` first, in their order."""
    there = {path.stem for path in folder.glob(f"*.{suffix}")}
    captions = {stem: module.CAPTION for module in modules for stem in _stems(module)}
    for stem in [*(stem for stem in captions if stem in there), *sorted(there - captions.keys())]:
        yield stem, " ".join(captions.get(stem, "").split())


def _stems(module: ModuleType) -> Sequence[str]:
    return getattr(module, "NAMES", (module.__name__.rpartition(".")[2],))


def title_of(stem: str) -> str:
    """A file's name as a heading."""
    return stem.replace("_", " ").capitalize()
