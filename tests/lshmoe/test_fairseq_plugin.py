"""fairseq-train runs with MoE layers from the user directory."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "lshmoe" / "integrations" / "fairseq_plugin"


def fairseq(command: str, *args: str) -> str:
    """Run a fairseq command line and return what it printed."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", f"fairseq_cli.{command}", *args],
        env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


@pytest.mark.timeout(240)
def test_fairseq_train_lowers_the_loss_with_lsh(tmp_path: Path) -> None:
    draw = random.Random(0)
    text = tmp_path / "text"
    # Each word determines the next one, so a few updates are enough to learn something.
    text.write_text("\n".join(" ".join(f"w{(s + i) % 20}" for i in range(15)) for s in draw.choices(range(20), k=80)))
    binary, checkpoints = tmp_path / "binary", tmp_path / "checkpoints"
    fairseq(
        "preprocess", "--only-source", "--trainpref", str(text), "--validpref", str(text), "--destdir", str(binary)
    )  # fmt: skip
    log = fairseq(
        "train", str(binary), "--user-dir", str(PLUGIN), "--task", "language_modeling", "--cpu",
        "--arch", "moe_transformer_lm", "--moe-method", "lsh", "--moe-experts", "4", "--moe-hashes", "2",
        "--criterion", "moe_cross_entropy", "--moe-balance-weight", "0.01",
        "--decoder-layers", "2", "--decoder-embed-dim", "32", "--decoder-input-dim", "32",
        "--decoder-output-dim", "32", "--decoder-ffn-embed-dim", "64", "--decoder-attention-heads", "2",
        "--tokens-per-sample", "16", "--max-tokens", "256", "--optimizer", "adam", "--lr", "0.01",
        "--max-update", "12", "--log-interval", "1", "--log-format", "simple", "--save-dir", str(checkpoints),
    )  # fmt: skip
    losses = [float(loss) for loss in re.findall(r"\bloss=([\d.]+),", log)]
    balance = [float(loss) for loss in re.findall(r"balance_loss=([\d.]+),", log)]
    assert len(losses) >= 5 and len(balance) == len(losses)
    assert losses[-1] < losses[0] - 0.5
    assert all(0 < loss < 5 for loss in balance)
    assert (checkpoints / "checkpoint_last.pt").exists()
