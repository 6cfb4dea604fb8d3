"""fairseq runs with MoE layers from the user directory, on one rank and on two, resumes, evaluates and refuses."""

import random
import re
from pathlib import Path
from statistics import mean

import pytest
import torch

from lshmoe import MoELayer
from lshmoe.integrations.reshard_fairseq import main, reshard_checkpoint
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
ONE_STEP = ["--optimizer", "sgd", "--lr", "0.1", "--max-update", "1", "--disable-validation"]
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
    # fairseq's default way of data parallelism, then the other one.
    for updates, backend in (("2", "pytorch_ddp"), ("3", "legacy_ddp")):
        line = command(data, tmp_path / "two", *sgd, "--ddp-backend", backend, "--max-update", updates)
        log = run_together(on_two_ranks(line, tmp_path / "store"), tmp_path / "log")
    assert len(values(log, "loss")) == 1, "the second start did not resume"

    expected = weights(tmp_path / "one" / "checkpoint_last.pt")
    first, second = (weights(tmp_path / "two" / f"checkpoint_last-rank-{rank}.pt") for rank in (0, 1))
    experts = {name for name in expected if ".experts." in name}
    assert len(experts) == 5
    assert all(torch.equal(first[name], second[name]) for name in first.keys() - experts)
    assert not any(torch.equal(first[name], second[name]) for name in experts)
    (gathered,) = reshard_checkpoint(tmp_path / "two" / "checkpoint_last.pt", 1, tmp_path / "gathered")
    # 1.2e-7 is one unit in the last place.
    torch.testing.assert_close(weights(gathered), expected, atol=1e-7, rtol=1.2e-7)


def test_training_resumes_and_evaluates_on_another_number_of_ranks(data: Path, tmp_path: Path) -> None:
    # A criterion of fairseq's own, Adam's moments and a shadow model.
    model = [word.replace("moe_cross_entropy", "cross_entropy") for word in LANGUAGE_MODEL]
    adam = [*model, "--optimizer", "adam", "--lr", "0.01", "--disable-validation", "--store-ema"]
    # A large epsilon, so that Adam does not blow up gradients that are rounding errors.
    adam += ["--adam-eps", "1e-3"]
    one, two, gathered, spread = (tmp_path / name for name in ("one", "two", "gathered", "spread"))
    run_together([command(data, one, *adam, "--update-freq", "2", "--max-update", "2")], tmp_path / "log")
    run_together(on_two_ranks(command(data, two, *adam, "--max-update", "2"), tmp_path / "store"), tmp_path / "log")
    (path,) = reshard_checkpoint(two / "checkpoint_last.pt", 1, gathered)
    reshard_checkpoint(one / "checkpoint_last.pt", 2, spread)
    found, expected = (torch.load(file, weights_only=False) for file in (path, one / "checkpoint_last.pt"))
    for state in (found, expected):
        state["moments"] = state["last_optimizer_state"]["state"]
        state["ema"] = state["extra_state"]["ema"]
    for part in ("model", "ema", "moments"):
        torch.testing.assert_close(found[part], expected[part], atol=1e-6, rtol=1e-5)
    assert perplexity(data, path, tmp_path) == perplexity(data, one / "checkpoint_last.pt", tmp_path) > 1

    on_one = [command(data, gathered, *adam, "--update-freq", "2", "--max-update", "3")]
    on_two = on_two_ranks(command(data, spread, *adam, "--max-update", "3"), tmp_path / "store")
    for lines in (on_one, on_two):
        log = run_together(lines, tmp_path / "log")
        assert len(values(log, "loss")) == 1, "it did not resume"


def perplexity(data: Path, checkpoint: Path, folder: Path) -> float:
    options = ["--gen-subset", "valid", "--max-tokens", "256", "--tokens-per-sample", "32", "--num-workers", "0"]
    line = ["eval_lm", str(data), "--user-dir", str(PLUGIN), "--cpu", "--path", str(checkpoint), *options]
    return float(re.findall(r"Perplexity: ([\d.]+)", run_together([line], folder / "log"))[0])


def test_what_does_not_go_with_moe_layers_is_refused_in_one_line(data: Path, tmp_path: Path) -> None:
    run_together([command(data, tmp_path / "old", *LANGUAGE_MODEL, *ONE_STEP)], tmp_path / "log")
    old = tmp_path / "old" / "checkpoint_last.pt"
    reshard_checkpoint(old, 2, tmp_path / "two")

    def both(*options: str, save: str = "new") -> list[list[str]]:
        store = tmp_path / f"store {len(list(tmp_path.iterdir()))} {hash(options)} {save}"
        return on_two_ranks(command(data, tmp_path / save, *LANGUAGE_MODEL, *ONE_STEP, *options), store)

    evaluate = ["eval_lm", str(data), "--user-dir", str(PLUGIN), "--cpu", "--gen-subset", "valid"]
    evaluate += ["--tokens-per-sample", "32", "--max-tokens", "256", "--num-workers", "0"]
    evaluations = on_two_ranks(evaluate, tmp_path / "store of evaluation")
    lines = [
        command(data, tmp_path / "new", *LANGUAGE_MODEL, *ONE_STEP, "--activation-dropout", "0.1"),
        command(data, tmp_path / "new", *ROBERTA, *ONE_STEP, "--encoder-layerdrop", "0.1"),
        command(data, tmp_path / "new", *LANGUAGE_MODEL, *ONE_STEP, "--sample-break-mode", "eos"),
        *both("--use-bmuf"),
        *both("--fp16"),
        *both(save="old"),
        command(data, tmp_path / "two", *LANGUAGE_MODEL, *ONE_STEP),
        *(
            [*line, "--path", str(tmp_path / "two" / f"checkpoint_last-rank-{rank}.pt")]
            for rank, line in enumerate(evaluations)
        ),
    ]
    with pytest.raises(AssertionError) as caught:
        run_together(lines, tmp_path / "log")
    text = str(caught.value)
    for words in (
        "ValueError: activation_dropout: does not go with MoE layers; leave it off\n",
        "ValueError: encoder_layerdrop: does not go with MoE layers; leave it off\n",
        "ValueError: sample_break_mode: fairseq's eos needs numpy 1; use complete, complete_doc or none\n",
        "ValueError: ddp_backend: MoE layers on several ranks need legacy_ddp or pytorch_ddp, and no --use-bmuf\n",
        "ValueError: fp16: fairseq looks for overflow on each rank alone, and not in the gradients of experts; ",
        f"RuntimeError: restore_file: {old} is of 1 ranks, this run has 2",
        f"RuntimeError: restore_file: {tmp_path / 'two' / 'checkpoint_last.pt'} is of 2 ranks, this run has 1",
        "RuntimeError: distributed_world_size: fairseq gives processes different numbers of batches to evaluate",
    ):
        assert words in text, words


def test_resharding_refuses_what_it_cannot_read_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(path: Path, ranks: int = 1) -> str:
        assert main([str(path), "--ranks", str(ranks), "--to", str(tmp_path / "out")]) == 2
        return capsys.readouterr().err

    path = tmp_path / "checkpoint_last.pt"
    assert "there is no such checkpoint" in run(path)
    torch.save({"model": {}}, path)
    assert "is not a checkpoint of fairseq" in run(path)
    state = {"model": MoELayer(8, 12, 4).state_dict(), "optimizer_history": [{"num_updates": 1}]}
    torch.save(state, path)
    assert "3 does not divide the 4 experts" in run(path, ranks=3)
    assert main([str(path), "--ranks", "1", "--to", str(tmp_path / "out")]) == 0
    assert "File exists" in run(path)
    torch.save(state, tmp_path / "checkpoint_last-rank-1.pt")
    assert "files of some ranks are missing" in run(path)
    torch.save(state | {"optimizer_history": [{"num_updates": 2}]}, tmp_path / "checkpoint_last-rank-0.pt")
    assert "stand at different updates, [1, 2]" in run(path)
