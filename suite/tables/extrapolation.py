"""The cost model from 16 to 16,384 GPUs, as a table; nothing is read but ``suite/conf``."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.extrapolation import extrapolation_rows
from suite.analysis.rows import Row
from suite.config.paper.published import published
from suite.costmodel.sheets import Targets, sheets
from suite.tables.formatting import main, number, table_files, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "The share of all-to-all in vanilla's step and LSH's predicted speed-up from 16 to 16,384 GPUs, by the cost "
    "model. Nothing in it was measured."
)
EXTRAPOLATION = (
    "model cluster exchange gpus servers kappa share rate speedup bound printed_share published_share published_speedup"
).split()
SHOWN_GPUS = (16, 256, 4096, 16384)


def extrapolation_sheet(rows: Sequence[Row], targets: Targets) -> Sheet:
    found = {(row["model"], row["cluster"], row["exchange"], row["gpus"]): row for row in rows}
    lines = list(dict.fromkeys(key[:3] for key in found))
    header = ["model", "cluster", "exchange", *(f"{gpus:,} GPUs" for gpus in SHOWN_GPUS)]
    cells = [
        [*map(str, line), *(f"{found[*line, n]['share']:.0%}, {found[*line, n]['speedup']:.2f}×" for n in SHOWN_GPUS)]
        for line in lines
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
    return Sheet("Extrapolation by the cost model", header, cells, notes)


def check_sheet(rows: Sequence[Row]) -> Sheet:
    """Where the paper printed a number: beside it the model's."""
    header = "model cluster gpus exchange quantity published predicted by_bound by_eq_9".split()
    cells = []
    for row in rows:
        place = [str(row[name]) for name in ("model", "cluster", "gpus", "exchange")]
        if row["published_share"] is not None:
            numbers = [number(row[name], ".0%") for name in ("published_share", "share")]
            cells.append([*place, "share", *numbers, "–", number(row["printed_share"], ".0%")])
        if row["published_speedup"] is not None:
            numbers = [f"{number(row[name], '.2f')}×" for name in ("speedup", "bound")]
            cells.append([*place, "speed-up", f"{row['published_speedup']}×", *numbers, "–"])
    notes = [
        "The paper's own numbers beside the model's at the same place. By bound: 1 / (1 − f(1−ρ) + h) from the "
        "predicted share, which leaves out that experts see fewer rows. By eq. 9: as printed, at peak FLOP/s, NICs "
        "of a whole server for every GPU. Shares at 32 GPUs: the text says that they stay nearly the same."
    ]
    return Sheet("Extrapolation against the paper", header, cells, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/extrapolation.{csv,md,tex}`` below ``folder``; the same at every scale."""
    rows = extrapolation_rows(published(), sheets())
    printed = extrapolation_sheet(rows, sheets()), check_sheet(rows)
    return write_tables(folder, table_files("extrapolation", rows, EXTRAPOLATION, CAPTION, *printed))


if __name__ == "__main__":
    main(build)
