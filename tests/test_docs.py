"""What the guides show works as shown."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from suite.claims.ledger import ledger
from suite.claims.verdicts import TESTS
from suite.costmodel import predict
from tests.dry import dry_run

DOCS = Path(__file__).parent.parent / "docs"


def blocks(name, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / name).read_text(), flags=re.MULTILINE | re.DOTALL)


COMMANDS = sorted(
    {
        (path.name, command)
        for path in DOCS.glob("*.md")
        if path.name != "commands.md"  # its lines are made from the commands, and their examples have a test
        for command in re.findall(
            r"(?:^|`)(?:\.venv/bin/)?lshmoe-bench ([^`\n]+)", path.read_text().replace("\\\n", " "), flags=re.MULTILINE
        )
    }
)


def test_the_cost_model_s_example_runs():
    (code,) = blocks("costmodel.md", "python")
    names = {}
    exec(code, names)
    assert predict(names["costs"][0], names["link"]).kappa == pytest.approx(0.43)
    assert 1 < names["gain"] < 8.4 / 3.8


def test_the_ledger_s_example_is_valid_and_every_kind_of_test_is_explained():
    (text,) = blocks("claims.md", "yaml")
    (claim,) = yaml.safe_load(text)
    assert claim in [one.model_dump(exclude_defaults=True) for one in ledger().claims]
    explained = re.findall(r"^\| `(\w+)` \|", (DOCS / "claims.md").read_text(), flags=re.MULTILINE)
    assert set(explained) == set(TESTS)


@pytest.mark.parametrize(("guide", "command"), COMMANDS)
def test_commands_are_valid(guide, command, monkeypatch):
    monkeypatch.chdir(DOCS.parent)
    dry_run(shlex.split(command.replace("verify results/nano", "verify results/reference"), comments=True))
