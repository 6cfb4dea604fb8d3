"""Every command has help with examples that are right, and help is quick because it loads next to nothing."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from suite.cli.root import root
from tests.dry import dry_run

ROOT = Path(__file__).parents[3]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All commands below a group, groups among them, by the words that name them."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = dict(commands(root))
EXAMPLES = [example for command in COMMANDS.values() for example in getattr(command, "examples", ())]
PROMISED = """
train; plan; prepare; tables; figures; claims; report; verify; manifest; crate; completion
measure speed; measure shares; measure errors; measure coordinates; track sync; track ui
lab up; lab show; lab fit; lab enter; lab down; lab clean
study create; study work; study collect; study confirm; study report; study verify
list methods; list models; list tasks; list scales; list clusters; list studies
"""


def test_every_promised_command_is_there() -> None:
    assert {tuple(path.split()) for path in PROMISED.strip().replace("\n", ";").split(";")} <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_says_what_a_command_does_and_shows_it(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(root, [*path, "--help"])
    assert done.exit_code == 0
    command = COMMANDS[path]
    assert command.help
    assert len(command.help.splitlines()[0]) <= 60, "lists of commands would cut it"
    if not isinstance(command, click.Group):
        assert command.examples
        assert all(f"lshmoe-bench {example}\n" in done.output for example in command.examples)
        assert all(example.split()[: len(path)] == list(path) for example in command.examples)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_right(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    dry_run(shlex.split(example))


def test_help_loads_neither_torch_nor_hydra_nor_pandas() -> None:
    paths = [["--help"], *([*path, "--help"] for path in COMMANDS)]
    code = (
        f"import json, sys; from suite.cli.root import root; "
        f"[root.main(path, 'lshmoe-bench', standalone_mode=False) for path in {paths!r}]; "
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"click", "sweeps"} <= loaded
    assert not {"torch", "hydra", "pandas", "numpy", "pydantic", "optuna", "matplotlib", "mlflow"} & loaded
