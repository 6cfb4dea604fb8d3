"""README.md promises commands, files and names; all of them must be there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from suite.claims.answer import answer
from suite.claims.markdown import counts
from suite.claims.verdicts import judge_all
from suite.config.compose import compose
from suite.config.validation import validate
from suite.report.reference import ANSWER_BEGIN, ANSWER_END
from tests.dry import dry_run

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [
    shlex.split(line, comments=True)
    for language, block in BLOCKS
    if language == "sh"
    for line in block.replace("\\\n", " ").splitlines()
]
MAKE = [command for command in COMMANDS if command[0] == "make"]
PROGRAM = [command[1:] for command in COMMANDS if command[0] == ".venv/bin/lshmoe-bench"]


def test_the_readme_has_commands_of_every_kind():
    assert {command[0] for command in COMMANDS} == {
        "make",
        ".venv/bin/lshmoe-bench",
        ".venv/bin/snakemake",
        ".venv/bin/fairseq-train",
    }
    assert MAKE[:2] == [["make", "reproduce"], ["make", "test"]]


@pytest.mark.parametrize("command", MAKE, ids=" ".join)
def test_make_targets_exist(command):
    subprocess.run([*command, "--dry-run"], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("target", re.findall(r"`make (\w+)`", TEXT))
def test_targets_named_in_the_text_exist_and_are_listed(target):
    help_text = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert target == "help" or f"make {target} " in help_text


@pytest.mark.parametrize("command", PROGRAM, ids=" ".join)
def test_commands_are_valid(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    dry_run(command)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command[0].endswith("snakemake")], ids=" ".join)
def test_the_pipeline_plans(command):
    snakemake = [sys.executable, "-m", "snakemake", *command[1:], "--dry-run", "--directory", str(ROOT)]
    subprocess.run(snakemake, cwd=ROOT, check=True, capture_output=True, timeout=120)


@pytest.mark.parametrize("command", [command for command in COMMANDS if "fairseq" in command[0]], ids=lambda c: c[0])
def test_fairseq_takes_the_options(command):
    code = "import sys; from fairseq import options; p = options.get_training_parser(); options.parse_args_and_arch(p)"
    parse_only = [sys.executable, "-c", code, *command[1:]]
    done = subprocess.run(parse_only, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("filters", re.findall(r'FILTERS="([^"]*)"', TEXT))
def test_filters_name_real_options(filters):
    assert all(re.fullmatch(r"(methods|models|tasks|seeds)=\S+", word) for word in filters.split())


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


def test_the_readme_opens_with_the_answer_that_the_published_records_give():
    entries = [judged.entry() for judged in judge_all(ROOT / "results/reference", "nano")]
    assert f"{ANSWER_BEGIN}\n{answer(entries)}\n{ANSWER_END}" in TEXT
    assert f"{len(entries)} [claims](results/reference/claims.md) at this scale" in TEXT
    assert counts(entries) in TEXT


def test_the_method_shown_is_valid():
    (method,) = (yaml.safe_load(block) for language, block in BLOCKS if language == "yaml")
    values = compose(["method=vanilla"]).model_dump()
    assert validate(values | {"method": method}).method.name == "mine"
