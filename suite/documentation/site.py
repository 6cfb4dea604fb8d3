"""mkdocs' hook (mkdocs.yml): the committed evidence is part of the site, so that links from docs/ lead to it."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

EVIDENCE = "results/reference"
SHOWN = (".md", ".csv", ".svg", ".json")  # what pages link to


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the committed tables, figures, verdicts and records."""
    root = Path(config.config_file_path).parent
    for path in sorted(path for path in (root / EVIDENCE).rglob("*") if path.suffix in SHOWN):
        place = path.relative_to(root).as_posix()
        files.append(File.generated(config, place, abs_src_path=str(path), inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links that lead from docs/ up to the evidence in the checkout lead to its pages in the site."""
    return markdown.replace(f"](../{EVIDENCE}/", f"]({EVIDENCE}/")
