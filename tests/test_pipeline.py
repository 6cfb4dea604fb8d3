"""The Snakefile as a user meets it."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from suite.config.compose import compose

ROOT = Path(__file__).parent.parent


def snakemake(*arguments):
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--profile", "profiles/laptop", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_a_bad_filter_is_one_line_and_exit_code_2():
    done = snakemake("--config", "methods=lsg")
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if "lsg" in line]
    assert line.startswith("error: methods: unknown 'lsg'; allowed: ")
    assert "did you mean 'lsh'" in line
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "target", ["runs", "probes", "sweeps", "tables", "figures", "claims", "crate", "report", "reproduce"]
)
def test_named_targets_plan(target):
    assert snakemake(target, "--forceall").returncode == 0


def test_a_control_waits_for_the_run_whose_rate_it_copies():
    done = snakemake("runs", "--forceall", "--quiet", "progress", "--config", "methods=random", "tasks=text_lm")
    jobs = done.stdout.split("rule run:")
    (control,) = [job for job in jobs if "random/seed0" in job]
    assert "text_lm/lsh/seed0/summary.json" in control.split("output:")[0]


def test_captions_of_snakemake_s_report_are_there_and_used():
    """Snakemake itself opens them no sooner than when it writes its report."""
    rules = "".join(path.read_text() for path in (ROOT / "suite" / "rules").glob("*.smk"))
    captions = {f"captions/{path.name}" for path in (ROOT / "suite" / "rules" / "captions").iterdir()}
    assert set(re.findall(r'caption="([^"]+)"', rules)) == captions


def test_a_folder_of_data_reaches_every_command_that_reads_them(tmp_path):
    folder = tmp_path / "GLUE's {data} here"
    folder.mkdir()
    shown = ("--printshellcmds", "--quiet", "progress")
    done = snakemake("probes", "--forceall", *shown, "--config", f"glue_dir={folder}", "tasks=text_lm")
    assert done.returncode == 0, done.stderr
    commands = re.findall(r"(lshmoe-bench .*) 2>&1", done.stdout)
    assert {command.split()[1] for command in commands} == {"prepare", "train", "measure"}
    for command in commands:
        (word,) = [word for word in shlex.split(command) if word.startswith("glue_dir=")]
        assert compose([word]).glue_dir == folder


def test_a_folder_that_is_not_there_is_one_line():
    done = snakemake("--config", "glue_dir=/nowhere")
    assert done.returncode == 2
    assert "error: glue_dir: /nowhere is no folder and no whole zip" in done.stderr
