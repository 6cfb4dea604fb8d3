"""What ranks do in the checkpoint tests; importable by name, because ranks are spawned processes."""

from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lshmoe import MoELayer, data_parallel
from suite.training import checkpoint

WIDTH, EXPERTS = 8, 4


def training(seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A model with replicated parameters, experts and a buffer, after one step of Adam."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), MoELayer(WIDTH, 16, EXPERTS, seed=seed))
    model.register_buffer("calls", torch.full((), 10.0 * seed + dist.get_rank()))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    data_parallel(model)(torch.randn(32, WIDTH)).square().mean().backward()
    optimizer.step()
    return model, optimizer


def snapshot(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Copies of all that must come back: parameters, moments, buffers and the next random numbers."""
    values = {name: value.clone() for name, value in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        values |= {f"{name} {key}": value.clone() for key, value in optimizer.state[parameter].items()}
    return values | {"random": torch.rand(4)}


def save_and_load(folder: Path) -> tuple[int, dict[str, Tensor], dict[str, Tensor]]:
    """Save one training, load it into another; returns the step, what was saved and what came back."""
    model, optimizer = training(seed=1)
    torch.manual_seed(100 + dist.get_rank())
    checkpoint.save(folder, 3, model, optimizer)
    saved = snapshot(model, optimizer)
    other_model, other_optimizer = training(seed=2)
    step = checkpoint.load(folder, other_model, other_optimizer)
    return step, saved, snapshot(other_model, other_optimizer)


def weights(folder: Path) -> dict[str, Tensor]:
    """The weights alone, read into a fresh model by however many ranks there are."""
    model, _ = training(seed=3)
    checkpoint.load_weights(folder, model)
    return dict(model.state_dict())


def save_twice(folder: Path, cut: str) -> tuple[int, list[str], str]:
    """Save twice, leave what a killed save leaves, load; then cut a file of a newer checkpoint short and load again.

    Returns the step loaded first, the checkpoints there were then, and the message of the second loading.
    """
    model, optimizer = training(seed=1)
    checkpoint.save(folder, 1, model, optimizer)
    checkpoint.save(folder, 2, model, optimizer)
    (folder / "partial").mkdir()
    (folder / "partial" / "rubbish").write_text("of a run that was killed while it wrote")
    step, names = checkpoint.load(folder, model, optimizer), sorted(path.name for path in folder.glob("step*"))
    checkpoint.save(folder, 4, model, optimizer)
    victim = next((folder / "step000004").glob(cut))
    victim.write_bytes(victim.read_bytes()[:100])
    try:
        checkpoint.load(folder, model, optimizer)
    except checkpoint.CheckpointError as error:
        return step, names, str(error)
    return step, names, "no error"
