"""Records into MLflow: once each, going on where they go on, from several processes, and never in a run's way."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from mlflow import MlflowClient

from suite.errors import UserError
from suite.records.track.live import mirrored
from suite.records.track.store import connect, tracking_uri
from suite.records.track.sync import Replay

REFERENCE = Path(__file__).parents[4] / "results" / "reference"
LINES = 12


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A results folder with nothing but a database: making one takes seconds."""
    root = tmp_path_factory.mktemp("empty")
    connect(root, "nano")
    return root


@pytest.fixture
def root(empty, tmp_path, monkeypatch):
    """Its database, and one run of a dozen lines."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(empty / "mlflow.db", tmp_path)
    write_run(tmp_path, "lsh")
    return tmp_path


def sync(root):
    return Replay(root, "nano").update(over=True)


def write_run(root, method, lines=LINES, complete=True):
    path = Path("runs/gpt_moe/text_lm", method, "seed0")
    folder = root / "nano" / path
    shutil.copytree(REFERENCE / path, folder, dirs_exist_ok=True)
    text = (REFERENCE / path / "metrics.jsonl").read_text().splitlines(keepends=True)[:lines]
    (folder / "metrics.jsonl").write_text("".join(text))
    if not complete:
        (folder / "summary.json").unlink()
    return folder


def runs(root):
    client = MlflowClient(tracking_uri=tracking_uri(root))
    experiment = client.get_experiment_by_name("lsh-moe-bench/nano")
    return client, client.search_runs([experiment.experiment_id])


def steps(client, run):
    return [metric.step for metric in client.get_metric_history(run.info.run_id, "train/loss")]


def test_a_run_is_mirrored_once_with_everything(root):
    assert sync(root).updated == 1
    again = sync(root)
    assert (again.updated, again.unchanged) == (0, 1)
    client, (run,) = runs(root)
    assert run.info.status == "FINISHED" and run.info.run_name == "gpt_moe/text_lm/lsh/seed0"
    tags = {"method": "lsh", "scale": "nano", "model": "gpt_moe", "task": "text_lm", "seed": "0", "kind": "run"}
    assert tags.items() <= run.data.tags.items()
    assert run.data.tags["path"] == "nano/runs/gpt_moe/text_lm/lsh/seed0" and len(run.data.tags["commit"]) == 40
    config = yaml.safe_load((root / run.data.tags["path"] / "config.yaml").read_text())
    assert run.data.params["training.steps"] == str(config["task"]["training"]["nano"]["steps"])
    assert run.data.params["method.reduction.num_hashes"] == "6"
    assert steps(client, run) == list(range(1, LINES))
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert names == {"config.yaml", "environment.json", "summary.json"}


def test_what_a_controller_held_is_mirrored_number_by_number(root):
    metrics = root / "nano/runs/gpt_moe/text_lm/lsh/seed0/metrics.jsonl"
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    train = [line for line in lines if line["event"] == "train"]
    held = {"setting": {"num_hashes": 2.5}, "rate": 0.2, "share": 0.2}
    for number, line in enumerate(train):
        line["held"] = {"all": held} if number else None
    metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    sync(root)
    client, (run,) = runs(root)
    assert run.data.metrics["train/held/all/setting/num_hashes"] == 2.5
    assert len(client.get_metric_history(run.info.run_id, "train/held/all/rate")) == len(train) - 1


def test_a_killed_run_goes_on_in_its_own(root):
    folder = write_run(root, "lsh", lines=9, complete=False)
    sync(root)
    client, (killed,) = runs(root)
    assert killed.info.status == "KILLED" and steps(client, killed) == list(range(1, 9))
    # From the checkpoint after step 4 on, steps are done again, in other times; the last line is half written at first.
    lines = (REFERENCE / folder.relative_to(root / "nano") / "metrics.jsonl").read_text().splitlines()[:LINES]
    redone = [
        text.replace('"seconds": 0.', '"seconds": 1.') if number > 4 else text for number, text in enumerate(lines)
    ]
    (folder / "metrics.jsonl").write_text("\n".join(redone) + '\n{"event": "tr')
    sync(root)
    write_run(root, "lsh")
    sync(root)
    client, (run,) = runs(root)
    assert run.info.run_id == killed.info.run_id and run.info.status == "FINISHED"
    assert steps(client, run) == list(range(1, LINES))


def test_a_failed_run_says_so(root):
    folder = write_run(root, "lsh", complete=False)
    (folder / "failure.json").write_text('{"reason": "rank 1 was killed"}')
    sync(root)
    assert runs(root)[1][0].info.status == "FAILED"


def test_trials_and_measurements_come_along(root):
    trial = root / "nano/sweeps/ablation/trials/3/nano/runs"
    shutil.move(root / "nano" / "runs", trial)
    speed = Path("speed/lab/swin_moe/cifar10_test_resplit.json")
    (root / "nano" / speed).parent.mkdir(parents=True)
    shutil.copy(REFERENCE / speed, root / "nano" / speed)
    assert sync(root).updated == 2
    kinds = {run.data.tags["kind"]: run.data for run in runs(root)[1]}
    assert (kinds["run"].tags["study"], kinds["run"].tags["trial"]) == ("ablation", "3")
    record = json.loads((root / "nano" / speed).read_text())
    blocks = [block for link in record["links"] for block in link["blocks"] if block["method"] == "lsh"]
    name = f"{record['links'][0]['name']}/lsh/seconds"
    assert kinds["speed"].metrics[name] in [block["seconds"] for block in blocks]


def test_a_record_at_fault_costs_itself_only(root):
    broken = write_run(root, "int8")
    (broken / "config.yaml").unlink()
    tally = sync(root)
    assert tally.updated == 1
    (fault,) = tally.faults
    assert "int8" in fault


def test_two_processes_at_once_lose_nothing(tmp_path):
    """On a database that neither finds made."""
    methods = ("vanilla", "lsh")
    for method in methods:
        write_run(tmp_path, method)
    command = [sys.executable, "-m", "suite.records.track.live"]
    processes = [
        subprocess.Popen(
            [*command, tmp_path, "nano", tmp_path / f"nano/runs/gpt_moe/text_lm/{method}/seed0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        for method in methods
    ]
    assert [process.communicate(timeout=120)[0] for process in processes] == [""] * 2
    client, found = runs(tmp_path)
    assert {run.data.tags["method"] for run in found} == set(methods) and len(found) == 2
    assert all(steps(client, run) == list(range(1, LINES)) for run in found)


def test_live_a_run_is_mirrored_also_after_its_end(root):
    folder = root / "nano/runs/gpt_moe/text_lm/lsh/seed0"
    with mirrored(root, "nano", folder):
        pass
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not [run for run in runs(root)[1] if run.info.status == "FINISHED"]:
        time.sleep(0.5)
    assert [run.info.status for run in runs(root)[1]] == ["FINISHED"]


def test_an_update_reads_what_has_changed_and_nothing_else(root):
    replay = Replay(root, "nano")
    growing = write_run(root, "int8", lines=5, complete=False)
    assert replay.update(over=False).updated == 2
    client, found = runs(root)
    assert {run.info.status for run in found} == {"FINISHED", "RUNNING"}
    (growing.parent.parent / "lsh/seed0/config.yaml").unlink()  # whoever read it again would miss that
    tally = replay.update(over=False)
    assert (tally.updated, tally.faults) == (0, [])
    write_run(root, "int8", lines=8, complete=False)
    again = replay.update(over=False)
    assert (again.updated, again.unchanged) == (1, 1)
    (run,) = [run for run in runs(root)[1] if run.data.tags["method"] == "int8"]
    assert (steps(client, run), run.info.status) == (list(range(1, 8)), "RUNNING")


def test_live_a_server_that_is_down_costs_a_line(root, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    folder = root / "nano/runs/gpt_moe/text_lm/lsh/seed0"
    with mirrored(root, "nano", folder):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (folder / "tracking.log").read_text():
            time.sleep(0.2)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("tracking: ") and "127.0.0.1:9" in line and "lshmoe-bench track sync scale=nano" in line


def test_a_server_that_is_down_ends_a_replay_in_one_line(root, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"MLFLOW_TRACKING_URI: http://127.0.0.1:9 cannot be used"):
        sync(root)
