"""Wherever the project names a command, there is one."""

import re
from pathlib import Path

import pytest

from tests.dry import command_of

ROOT = Path(__file__).parents[3]
TEXTS = (".py", ".smk", ".j2", ".yaml")
SOURCES = [
    *(ROOT / name for name in ("Snakefile", "Makefile", "README.md")),
    *(path for folder in ("suite", "sweeps") for path in (ROOT / folder).rglob("*.*") if path.suffix in TEXTS),
]
MENTIONS = sorted(
    {
        (path.relative_to(ROOT).as_posix(), mention)
        for path in SOURCES
        for mention in re.findall(r"lshmoe-bench ((?:[a-z]+ ?)+)", path.read_text())
    }
)


def test_rules_messages_and_the_readme_name_commands() -> None:
    assert {"suite/rules/runs.smk", "sweeps/rules.smk", "Makefile", "README.md", "suite/training/check.py"} <= dict(
        MENTIONS
    ).keys()


@pytest.mark.parametrize(("path", "mention"), MENTIONS)
def test_a_command_that_is_named_is_there(path: str, mention: str) -> None:
    command_of(mention.split())
