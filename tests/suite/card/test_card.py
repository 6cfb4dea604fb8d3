"""The jobs of one GPU, rehearsed on a CPU: they agree with what they stand for, resume, and import little."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lshmoe import MoELayer, lsh_reduction
from suite.card.pretend import PretendExchange
from suite.card.run import main, run
from suite.card.shapes import PAPER, Shape
from suite.card.tokens import alike_tokens

CPU = torch.device("cpu")
SMALL = (Shape("small", tokens=64, dim=32, hidden=64, experts=8, ranks=4),)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_pretended_rank_computes_what_local_experts_would() -> None:
    pretended = MoELayer(32, 64, 8, exchange=PretendExchange(4))
    real = MoELayer(32, 64, 8)
    real.gate.load_state_dict(pretended.gate.state_dict())
    for name, parameter in real.experts.named_parameters():
        local = getattr(pretended.experts, name)
        parameter.data.copy_(torch.cat([local.data] * 4))  # expert e is applied by local expert e mod 2
    x = torch.randn(64, 32)
    torch.testing.assert_close(pretended(x), real(x))


def test_a_pretended_rank_meters_what_leaves_it() -> None:
    layer = MoELayer(32, 64, 8, exchange=PretendExchange(4))
    layer(torch.randn(64, 32, requires_grad=True)).sum().backward()
    sent = 64 * 2 * 32 * 4
    for phase in ("dispatch", "combine", "dispatch_backward", "combine_backward"):
        assert layer.traffic.bytes[phase] == sent
        assert layer.traffic.remote_bytes[phase] == sent * 3 // 4


def test_alike_tokens_are_sent_at_about_the_rate_that_was_asked_for() -> None:
    shape = Shape("wide", tokens=2048, dim=64, hidden=64, experts=8, ranks=4)
    layer = MoELayer(64, 64, 8, reduction=lsh_reduction(64), exchange=PretendExchange(4))
    layer(alike_tokens(shape, 0.2, CPU, torch.float32))
    assert layer.traffic.rows_sent / layer.traffic.rows_routed == pytest.approx(0.2, abs=0.03)


def test_every_job_runs_and_is_right(tmp_path: Path) -> None:
    out = tmp_path / "card.jsonl"
    assert run(out, CPU, SMALL, budget=300) == 0
    found = lines(out)
    assert [line["found"]["error"] for line in found if "error" in line["found"]] == []
    checks = [line["found"]["passed"] for line in found if "passed" in line["found"]]
    assert len(checks) == 12
    assert all(checks)
    layers = {line["key"]["method"]: line["found"] for line in found if line["key"]["job"] == "layer"}
    assert layers["lsh"]["rate"] < 0.5 < layers["vanilla"]["rate"] == 1
    assert layers["lsh"]["phases"]["reduction"] > 0 and layers["vanilla"]["phases"]["experts_backward"] > 0


def test_a_second_run_goes_on_where_the_first_ended_cut_line_included(tmp_path: Path) -> None:
    out = tmp_path / "card.jsonl"
    left = run(out, CPU, SMALL, budget=0.05)
    before = lines(out)
    assert left > 0
    assert len(before) > 0
    out.write_text(out.read_text() + '{"key": {"job": "la')
    assert run(out, CPU, SMALL, budget=0.0) == left
    assert lines(out) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_there_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["card", "--out", str(tmp_path / "card.jsonl")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == ("error: device: no CUDA GPU here; DEVICE=cpu rehearses the same jobs on small shapes")


def test_the_worker_imports_torch_and_the_library_alone() -> None:
    code = "import sys, suite.card.run; print(sorted(name for name in sys.modules if name.startswith('suite')))"
    banned = "assert not {'pydantic', 'pandas', 'hydra', 'click', 'timm', 'fairseq'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", f"{code}; {banned}"], capture_output=True, text=True, check=True)
    assert all(name == "suite" or name.startswith("suite.card") for name in eval(done.stdout))


def test_shapes_are_those_of_the_paper() -> None:
    # Routed rows per GPU for top-2 at the paper's cluster sizes.
    assert [shape.rows for shape in PAPER] == [32768, 16384, 65536, 14752, 802816]
    assert all(shape.experts % shape.ranks == 0 for shape in PAPER)
