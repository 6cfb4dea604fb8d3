"""Commands of other packages join by their entry points."""

from importlib.metadata import EntryPoint, entry_points

import click
import pytest

from suite.cli import base
from suite.cli.base import ENTRY_POINTS, Command
from suite.cli.root import root

mine = Command("mine", examples=["mine"])


def test_the_installed_package_has_the_program_and_its_studies() -> None:
    (program,) = entry_points(group="console_scripts", name="lshmoe-bench")
    assert program.value == "suite.cli:main"
    (study,) = entry_points(group=ENTRY_POINTS, name="study")
    assert isinstance(study.load(), click.Group)


def test_a_command_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", f"{__name__}:mine", ENTRY_POINTS)
    monkeypatch.setattr(base, "entry_points", lambda group: [point] if group == ENTRY_POINTS else [])
    monkeypatch.setattr(root, "commands", dict(root.commands))
    base.joined.cache_clear()
    try:
        assert root.get_command(click.Context(root), "mine") is mine
        assert "mine" in root.list_commands(click.Context(root))
    finally:
        base.joined.cache_clear()
