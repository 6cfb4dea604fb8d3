"""The guides of CONTRIBUTING.md as data: the files that each writes, and the tests that prove it."""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

HEADING = re.compile(r"^### (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^(?:(Append to )?`([^`\n]+)`:\n\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Guide:
    """One ``### …`` of the page.

    Attributes:
        title: what it says how to add.
        files: contents by path, of files that must not be there yet.
        appended: what is added to the end of files, by path.
        tests: of pytest, as its last command names them.
    """

    title: str
    files: dict[str, str] = field(default_factory=dict)
    appended: dict[str, str] = field(default_factory=dict)
    tests: list[str] = field(default_factory=list)

    def follow(self, copy: Path) -> None:
        """Do what the guide says in a copy of the project."""
        for path, text in self.files.items():
            assert not (copy / path).exists(), f"{path} is there already"
            (copy / path).write_text(text)
        for path, text in self.appended.items():
            (copy / path).write_text((copy / path).read_text() + text)


def read_guides(page: str) -> list[Guide]:
    """The guides of a page, in its order."""
    _, *parts = HEADING.split(page)
    return [_guide(title, text) for title, text in zip(parts[::2], parts[1::2], strict=True)]


def _guide(title: str, text: str) -> Guide:
    guide = Guide(title)
    for append, path, language, body in BLOCK.findall(text):
        if language == "sh":
            program, *tests = shlex.split(body.replace("\\\n", " "))[2:]
            assert program == "pytest", body
            guide.tests += tests
        else:
            assert path, f"{title}: a block without a file's name:\n{body}"
            (guide.appended if append else guide.files)[path] = body
    return guide
