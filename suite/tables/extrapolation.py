"""The cost model from 16 to 16,384 GPUs, as a table; nothing is read but ``suite/conf``."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.extrapolation import ExtrapolationRow, extrapolation_rows
from suite.config.paper.published import published
from suite.costmodel.sheets import Targets, sheets
from suite.tables.formatting import number
from suite.tables.sheet import Sheet
from suite.tables.table import Table

CAPTION = (
    "The share of all-to-all in vanilla's step and LSH's predicted speed-up from 16 to 16,384 GPUs, by the cost "
    "model. Nothing in it was measured."
)
TABLE = Table(
    "extrapolation",
    ExtrapolationRow,
    "one row per model, cluster, exchange and number of GPUs",
    CAPTION,
    about="By the cost model from data sheets and the assumptions in `suite/conf/targets.yaml`; nobody has run these "
    "sizes here.",
)
PLACE = ("model", "cluster", "exchange")
SHOWN_GPUS = (16, 256, 4096, 16384)


def extrapolation_sheet(rows: Sequence[ExtrapolationRow], targets: Targets) -> Sheet:
    found = {(row.model, row.cluster, row.exchange, row.gpus): row for row in rows}
    lines = list(dict.fromkeys(key[:3] for key in found))
    header = [*PLACE, *(f"{gpus:,} GPUs" for gpus in SHOWN_GPUS)]
    cells = [
        [*line, *(f"{found[*line, n].share:.0%}, {found[*line, n].speedup:.2f}×" for n in SHOWN_GPUS)] for line in lines
    ]
    taken = targets.assumptions
    clusters = "; ".join(
        f"{key}: {cluster.title}, {cluster.achieved_fraction:.0%} of peak FLOP/s achieved, latency "
        f"{cluster.latency_seconds * 1e6:g} µs per exchange and {cluster.message_seconds * 1e6:g} µs per message"
        for key, cluster in targets.clusters.items()
    )
    notes = [
        "Share of all-to-all in vanilla's step, and LSH's speed-up at the published rate, both predicted; nothing "
        "here was measured, and nobody has run these sizes here.",
        f"Assumed, as the paper says none of it: {taken.tokens_per_gpu:,} tokens per GPU and step, "
        f"{taken.bytes_per_element:g} bytes per element, an even load; {clusters}. Experts grow with the GPUs, at "
        "least one on each, and see only the rows that travel. The rate is held at the published one, though fewer "
        "rows per expert and GPU make it worse. Messages of one GPU are paid one after another, an upper bound. "
        "Dense gradients are left out, as in the paper's shares. Speed-ups fall at scale where messages, which no "
        "compression removes, prevail.",
    ]
    return Sheet("Extrapolation by the cost model", header, cells, notes, words=PLACE)


def check_sheet(rows: Sequence[ExtrapolationRow]) -> Sheet:
    """Where the paper printed a number: beside it the model's."""
    header = "model cluster gpus exchange quantity published predicted by_bound by_eq_9".split()
    cells = []
    for row in rows:
        place = [row.model, row.cluster, str(row.gpus), row.exchange]
        if row.published_share is not None:
            shares = [number(share, ".0%") for share in (row.published_share, row.share)]
            cells.append([*place, "share", *shares, "–", number(row.printed_share, ".0%")])
        if row.published_speedup is not None:
            speedups = [f"{speedup:.2f}×" for speedup in (row.speedup, row.bound)]
            cells.append([*place, "speed-up", f"{row.published_speedup}×", *speedups, "–"])
    notes = [
        "The paper's own numbers beside the model's at the same place. By bound: 1 / (1 − f(1−ρ) + h) from the "
        "predicted share, which leaves out that experts see fewer rows. By eq. 9: as printed, at peak FLOP/s, NICs "
        "of a whole server for every GPU. Shares at 32 GPUs: the text says that they stay nearly the same."
    ]
    return Sheet("Extrapolation against the paper", header, cells, notes, words=(*PLACE, "quantity"))


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/extrapolation.{csv,md,tex}`` below ``folder``; the same at every scale."""
    rows = extrapolation_rows(published(), sheets())
    printed = extrapolation_sheet(rows, sheets()), check_sheet(rows)
    return TABLE.write(folder, rows, *printed)
