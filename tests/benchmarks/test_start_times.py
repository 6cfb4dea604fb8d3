"""What comes before and after the work takes little: imports, models without memory, mirrors, the end of ranks."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from suite.analysis.models import made_up_inputs
from suite.cluster.launch import launch
from suite.config.model import TransformerSize
from suite.config.paper.table1 import table1
from suite.costmodel.memory.blueprint import blueprint
from suite.errors import RunError
from suite.records.track.live import mirrored
from tests.suite.cluster.launch_jobs import CLUSTERS


def test_importing_the_library_takes_a_fifth_of_a_second_once_torch_is_there() -> None:
    code = "import torch, time; began = time.perf_counter(); import lshmoe; print(time.perf_counter() - began)"
    runs = [float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) for _ in "ab"]
    assert min(runs) <= 0.2


def test_a_model_of_52_billion_parameters_is_built_within_ten_seconds(benchmark) -> None:
    (row,) = [row for row in table1().rows if row.model == "gpt_moe_52b"]
    size = TransformerSize(
        shape="transformer", layers=24, width=1024, ffn=4096, heads=16, experts=512, top_k=2, moe_every=2, dropout=0.1
    )
    inputs = made_up_inputs(row.inputs)
    # The first call imports the host's library.
    model = benchmark.pedantic(blueprint, args=("suite.hosts.gpt_moe", size, inputs), rounds=2, warmup_rounds=1)
    assert sum(p.numel() for p in model.parameters()) > 51e9
    assert benchmark.stats.stats.max < 10


def test_a_run_does_not_wait_for_its_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / "nano/runs/gpt_moe/text_lm/lsh/seed0"
    folder.mkdir(parents=True)
    began = time.perf_counter()
    with mirrored(tmp_path, "nano", folder):
        pass
    assert time.perf_counter() - began < 1


def test_a_rank_that_fails_ends_the_others_within_a_minute(tmp_path: Path) -> None:
    began = time.perf_counter()
    with pytest.raises(RunError, match="rank 1 was killed by SIGKILL"):
        launch("tests.suite.cluster.launch_jobs", ["killed", str(tmp_path)], CLUSTERS["loopback"], tmp_path)
    assert time.perf_counter() - began < 60
