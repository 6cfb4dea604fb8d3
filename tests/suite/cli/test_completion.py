"""Shells complete commands, settings and names, whether they keep a word whole at its "=" or split it there."""

import subprocess
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from suite import figures, tables
from suite.cli.root import root
from suite.config.conf import GROUPS, choices
from sweeps.study import studies
from tests.program import PROGRAM, lshmoe_bench


def complete(line: str) -> list[str]:
    """What is offered after a line, whose last word is incomplete."""
    *earlier, incomplete = line.split(" ")
    found = ShellComplete(root, {}, "lshmoe-bench", "_LSHMOE_BENCH_COMPLETE").get_completions(earlier, incomplete)
    return [item.value for item in found]


def test_commands_of_other_packages_are_offered_too() -> None:
    assert {"train", "measure", "study"} <= set(complete(""))
    assert complete("measure s") == ["speed", "shares"]
    assert "studies" in complete("list ")


def test_fields_are_offered() -> None:
    offered = complete("train ")
    assert {f"{group}=" for group in GROUPS} <= set(offered)
    assert {"seed=", "results=", "capture.every=", "seeds.hash="} <= set(offered)
    assert "methods=" not in offered and "methods=" in complete("measure speed ")
    assert complete("train cluster.ran") == ["cluster.ranks=", "cluster.ranks_per_server="]
    assert "method.reduction.num_hashes=" in complete("train method=lsh method.")
    assert "method.reduction.num_hashes=" not in complete("train method=int8 method.")


@pytest.mark.parametrize("group", GROUPS)
def test_names_are_offered(group: str) -> None:
    assert complete(f"train {group}=") == [f"{group}={name}" for name in choices(group)]
    assert complete(f"train seed=1 {group} = ") == choices(group)


def beginning(start: str) -> list[str]:
    """Methods whose names begin so."""
    return [name for name in choices("method") if name.startswith(start)]


def test_a_name_is_completed() -> None:
    names = beginning("lsh_")
    assert "lsh_fp8" in names
    assert complete("train seed=1 method=lsh_") == [f"method={name}" for name in names]
    assert complete("train method = lsh_") == names
    assert complete("train method=nothing") == []
    assert complete("train method") == [f"method={name}" for name in choices("method")]


def test_lists_are_completed() -> None:
    assert complete("tables scale=nano tables=") == [f"tables={name}" for name in tables.names()]
    assert complete("figures figures=par") == ["figures=pareto"] and "pareto" in figures.names()
    assert complete("measure speed methods=[vanilla,int") == [f"methods=[vanilla,{name}" for name in beginning("int")]
    assert complete("measure speed methods=[int") == [f"methods=[{name}" for name in beginning("int")]
    assert complete("measure shares models=gpt_moe,t5") == ["models=gpt_moe,t5_moe"]
    assert complete("study work study=") == [f"study={name}" for name in studies()]


def test_bash_completes_by_the_script_that_is_printed() -> None:
    script = (
        f'PATH={Path(PROGRAM).parent}:$PATH; eval "$(lshmoe-bench completion bash)"; '
        "COMP_WORDS=(lshmoe-bench train method = lsh_f); COMP_CWORD=4; _lshmoe_bench_completion lshmoe-bench; "
        'echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "lsh_fp8\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_too(shell: str) -> None:
    done = lshmoe_bench("completion", shell)
    assert done.returncode == 0
    assert "_LSHMOE_BENCH_COMPLETE" in done.stdout
