"""Hyperlinks from the page to the files beside it; what is not there is named, not linked."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Hyperlink:
    """``text`` to show; ``href`` relative to the page, ``None`` where there is no such file."""

    text: str
    href: str | None


class Hyperlinks:
    """Hyperlinks below ``folder``, the one that holds the page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def to(self, path: str, text: str | None = None) -> Hyperlink:
        """A link to ``path``, relative to the folder; of a run's folder to its summary, of any other to itself."""
        target = self.folder / path
        if target.is_dir():
            if (target / "summary.json").exists():
                return Hyperlink(text or path, quote(f"{path}/summary.json"))
            return Hyperlink(text or f"{path}/", quote(f"{path}/"))
        return Hyperlink(text or path, quote(path) if target.is_file() else None)

    def beside(self, stem: str, suffixes: tuple[str, ...]) -> list[Hyperlink]:
        """Hyperlinks to the files ``stem.suffix`` that are there, by suffix."""
        links = [self.to(f"{stem}.{suffix}", suffix.upper()) for suffix in suffixes]
        return [link for link in links if link.href]
