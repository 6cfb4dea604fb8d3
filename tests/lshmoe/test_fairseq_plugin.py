"""fairseq-train runs with MoE layers from the user directory, on one rank and on two, and resumes."""

import random
import re
from pathlib import Path
from statistics import mean

import pytest
import torch

from tests.lshmoe.fairseq_jobs import run_together

PLUGIN = Path(__file__).parents[2] / "lshmoe" / "integrations" / "fairseq_plugin"
LANGUAGE_MODEL = [
    "--task", "language_modeling", "--arch", "moe_transformer_lm", "--criterion", "moe_cross_entropy",
    "--decoder-layers", "2", "--decoder-embed-dim", "32", "--decoder-input-dim", "32", "--decoder-output-dim", "32",
    "--decoder-ffn-embed-dim", "64", "--decoder-attention-heads", "2",
]  # fmt: skip
ROBERTA = [
    "--task", "masked_lm", "--arch", "moe_roberta", "--criterion", "moe_masked_lm",
    "--encoder-layers", "2", "--encoder-embed-dim", "32", "--encoder-ffn-embed-dim", "64",
    "--encoder-attention-heads", "2",
]  # fmt: skip
COMMON = [
    "--user-dir", str(PLUGIN), "--cpu", "--moe-method", "lsh", "--moe-experts", "4", "--moe-hashes", "2",
    # Whole sentences, so that samples differ in length and batches are padded.
    "--sample-break-mode", "complete", "--tokens-per-sample", "32", "--max-tokens", "256",
    "--dropout", "0", "--attention-dropout", "0", "--no-epoch-checkpoints", "--num-workers", "0",
    "--log-interval", "1", "--log-format", "simple",
]  # fmt: skip
architectures = pytest.mark.parametrize("model", [LANGUAGE_MODEL, ROBERTA], ids=["language_model", "roberta"])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Binarised sentences that say one word 5 to 15 times: a few updates are enough to learn something."""
    folder = tmp_path_factory.mktemp("fairseq")
    draw = random.Random(0)
    text, binary = folder / "text", folder / "binary"
    text.write_text("\n".join(" ".join([word] * draw.randint(5, 15)) for word in draw.choices("abcdefghij", k=200)))
    line = ["preprocess", "--only-source", "--trainpref", str(text), "--validpref", str(text)]
    run_together([[*line, "--destdir", str(binary)]], folder / "log")
    return binary


def command(data: Path, save: Path, *options: str) -> list[str]:
    return ["train", str(data), *COMMON, "--save-dir", str(save), *options]


def on_two_ranks(line: list[str], store: Path) -> list[list[str]]:
    """The command lines of both ranks, which meet at the file ``store``."""
    store.unlink(missing_ok=True)
    line = [*line, "--distributed-world-size", "2", "--distributed-init-method", f"file://{store}"]
    line += ["--distributed-backend", "gloo", "--distributed-no-spawn", "--distributed-rank"]
    return [[*line, "0"], [*line, "1"]]


def values(log: str, name: str) -> list[float]:
    return [float(value) for value in re.findall(rf"\b{name}=([\d.]+),", log)]


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    model: dict[str, torch.Tensor] = torch.load(checkpoint, weights_only=False)["model"]
    return model


@architectures
def test_training_with_lsh_lowers_the_loss(data: Path, tmp_path: Path, model: list[str]) -> None:
    line = command(data, tmp_path, *model, "--optimizer", "adam", "--lr", "0.01", "--max-update", "30")
    log = run_together([line], tmp_path / "log")
    losses, balance = values(log, "loss"), values(log, "balance_loss")
    assert len(losses) == len(balance) == 30
    assert mean(losses[-5:]) < mean(losses[:5]) - 0.5
    assert all(0 < value < 5 for value in balance)
    assert "| valid on 'valid' subset | loss " in log


@architectures
def test_two_ranks_that_resume_equal_one_that_accumulates(data: Path, tmp_path: Path, model: list[str]) -> None:
    # The balance loss multiplies loads of all ranks, but of one batch where batches are accumulated: it is left out.
    sgd = [*model, "--optimizer", "sgd", "--lr", "0.1", "--moe-balance-weight", "0", "--disable-validation"]
    line = command(data, tmp_path / "one", *sgd, "--update-freq", "2", "--max-update", "3")
    run_together([line], tmp_path / "log")
    for updates in ("2", "3"):
        line = command(data, tmp_path / "two", *sgd, "--ddp-backend", "legacy_ddp", "--max-update", updates)
        log = run_together(on_two_ranks(line, tmp_path / "store"), tmp_path / "log")
    assert len(values(log, "loss")) == 1, "the second start did not resume"

    expected = weights(tmp_path / "one" / "checkpoint_last.pt")
    first, second = (weights(tmp_path / "two" / f"checkpoint_last-rank-{rank}.pt") for rank in (0, 1))
    experts = {name for name in expected if ".experts." in name}
    assert len(experts) == 4
    whole = {name: torch.cat([first[name], second[name]]) if name in experts else first[name] for name in first}
    # 1.2e-7 is one unit in the last place.
    torch.testing.assert_close(whole, expected, atol=1e-7, rtol=1.2e-7)
    assert all(torch.equal(first[name], second[name]) for name in first.keys() - experts)


def test_what_does_not_go_with_moe_layers_is_refused_in_one_line(data: Path, tmp_path: Path) -> None:
    lines = [
        command(data, tmp_path, *LANGUAGE_MODEL, "--activation-dropout", "0.1"),
        command(data, tmp_path, *ROBERTA, "--encoder-layerdrop", "0.1"),
        # fairseq's default, pytorch_ddp, needs a GPU; BMUF is another way past legacy_ddp.
        *on_two_ranks(command(data, tmp_path, *ROBERTA, "--optimizer", "sgd", "--use-bmuf"), tmp_path / "store"),
    ]
    with pytest.raises(AssertionError) as caught:
        run_together(lines, tmp_path / "log")
    for words in (
        "ValueError: activation_dropout: does not go with MoE layers; leave it off\n",
        "ValueError: encoder_layerdrop: does not go with MoE layers; leave it off\n",
        "ValueError: ddp_backend: MoE layers on several ranks need --ddp-backend legacy_ddp and no --use-bmuf\n",
    ):
        assert words in str(caught.value)
