"""What a run needs of a GPU's memory.

Reads no data, allocates no weights, writes nothing. Its numbers come from shapes and data sheets, not from GPUs.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from suite.config.compose import compose
from suite.config.hardware import Hardware, hardware
from suite.config.run import RunConfig
from suite.costmodel.memory.model import MemoryModel, RankMemory
from suite.training.check import check

# Share of a GPU's memory left for what RankMemory does not count.
RESERVE = 0.1

PARTS = {
    "dense": "dense weights, float32, on every GPU",
    "experts": "expert weights, float32, sharded",
    "gradients": "gradients, float32",
    "buckets": "averaging buckets of dense gradients",
    "optimizer": "Adam's moments, float32",
    "step": "temporaries of Adam's step",
    "activations": "kept for the backward pass",
}


def possible_ranks(config: RunConfig) -> list[int]:
    """Numbers of ranks that divide both experts and the global batch."""
    experts, examples = config.size.experts, config.training.batch_examples
    return [ranks for ranks in range(1, experts + 1) if experts % ranks == 0 and examples % ranks == 0]


def fits(memory: RankMemory, gpu: Hardware) -> bool:
    """Whether the rank leaves the reserve of a GPU's memory free."""
    return memory.total <= (1 - RESERVE) * gpu.memory


def fewest(model: MemoryModel, gpu: Hardware) -> int | None:
    """The smallest number of such GPUs at which the run fits; ``None`` if it fits at no possible one."""
    return next((ranks for ranks in possible_ranks(model.config) if fits(model.at(ranks), gpu)), None)


def show(model: MemoryModel, console: Console) -> None:
    """Print memory by part, and the GPUs that it fits."""
    config, ranks = model.config, model.config.cluster.ranks
    memory = model.at(ranks)
    examples = config.training.batch_examples // ranks
    title = (
        f"{config.model.name} on {config.task.name}, scale {config.scale.name}: GiB per GPU on {ranks} GPUs "
        f"of {examples} examples"
    )
    parts = Table("part", "what", title=title, title_justify="left")
    parts.add_column("GiB", justify="right")
    for part, what in PARTS.items():
        parts.add_row(part, what, _gib(getattr(memory, part)))
    parts.add_row("total", "the last two do not overlap: the larger counts", _gib(memory.total))
    gpus = Table("GPU", title=f"Fits with {RESERVE:.0%} of the memory to spare", title_justify="left")
    most = possible_ranks(config)[-1]
    for name in ("GiB", f"on {ranks} GPUs", "fewest GPUs", "GiB needed there"):
        gpus.add_column(name, justify="right")
    for gpu in hardware().values():
        least = fewest(model, gpu)
        gpus.add_row(
            gpu.title,
            f"{gpu.memory_gib:g}",
            "fits" if fits(memory, gpu) else "does not fit",
            f"none up to {most}" if least is None else str(least),
            _gib(model.at(least or most).total),
        )
    console.print(parts, gpus)
    console.print(
        f"{_count(model.dense_parameters)} dense and {_count(model.expert_parameters)} expert parameters. Activations: "
        "of vanilla with balanced routing, as the CPU keeps them. From shapes and data sheets: nobody has run this on "
        "a GPU."
    )


def _gib(value: float) -> str:
    return f"{value / 2**30:,.2f}"


def _count(parameters: int) -> str:
    return f"{parameters / 1e6:,.1f} M"


def plan(overrides: Sequence[str]) -> None:
    """Validate, build as shapes, print.

    Raises:
        UserError: for bad input, in one line.
    """
    config = compose(overrides)
    check(config)
    show(MemoryModel(config), Console(width=110))
