"""The files of ``suite/conf``: which there are, and what each says of itself.

Imports neither Hydra nor pydantic, so that the command line's help and completion are quick.
"""

from pathlib import Path

import yaml

CONF = Path(__file__).parent.parent / "conf"
GROUPS = ("model", "task", "method", "scale", "cluster")


def choices(group: str) -> list[str]:
    """Names that a group (``"method"``, ``"model"``, …) offers: its files."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def summary(path: Path) -> str:
    """What a configuration file says of itself in one line: its ``summary``, else the first sentence of its comment."""
    text = path.read_text()
    if given := yaml.safe_load(text).get("summary"):
        return str(given)
    lines = text.splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    comment = " ".join(line.lstrip("# ") for line in lines[:end])
    return comment.partition(". ")[0].rstrip(".")
