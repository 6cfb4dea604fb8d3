"""Fig. 3: all-to-all's share of a step with doubled experts and doubled servers, the paper's value beside."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from suite.analysis.shares import CAPTION as CAPTION
from suite.analysis.shares import SharesRow, read_shares
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save

# From light to dark, so that greyscale tells them apart; hatches tell them apart in any colour.
LOOKS = (("#f0f0f0", ""), ("#b8b8b8", "///"), ("#6e6e6e", ""), ("#d8d8d8", "xxx"))


def shares_figure(rows: Sequence[SharesRow]) -> Figure:
    """A group of bars per model, a bar per variant with its interval, and marks for the paper and for eq. 6."""
    style.apply()
    models = list(dict.fromkeys(row.model for row in rows))
    variants = list(dict.fromkeys(row.variant for row in rows))
    figure, axis = plt.subplots(figsize=(style.FULL_WIDTH, 2.6), layout="constrained")
    width = 0.8 / len(variants)
    for place, variant in enumerate(variants):
        chosen = [row for row in rows if row.variant == variant]
        x = [models.index(row.model) + (place - (len(variants) - 1) / 2) * width for row in chosen]
        share, low, high, paper, expected = (
            100 * np.asarray(values, dtype=float)
            for values in (
                [row.share.value for row in chosen],
                [row.share.low for row in chosen],
                [row.share.high for row in chosen],
                [row.paper_share for row in chosen],
                [row.expected_share for row in chosen],
            )
        )
        colour, hatch = LOOKS[place % len(LOOKS)]
        axis.bar(x, share, 0.92 * width, color=colour, hatch=hatch, edgecolor="#333333", linewidth=0.6, label=variant)
        axis.errorbar(
            x, share, yerr=[share - low, high - share], linestyle="none", color="black", elinewidth=0.8, capsize=1.5
        )
        axis.plot(
            x, paper, linestyle="none", marker="_", markersize=13, markeredgewidth=1.6, color=style.look("lsh").colour
        )
        axis.plot(
            x, expected, linestyle="none", marker="D", color="white", markeredgecolor="black", markeredgewidth=0.8
        )
    axis.plot([], [], linestyle="none", marker="_", markeredgewidth=1.6, color=style.look("lsh").colour, label="paper")
    axis.plot([], [], linestyle="none", marker="D", color="white", markeredgecolor="black", label="expected by eq. 6")
    axis.set_xticks(range(len(models)), models)
    axis.grid(visible=False, axis="x")
    axis.set(ylabel="all-to-all, % of the reference's step", ylim=(0, 100))
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def build(folder: Path) -> list[Path]:
    """Write ``figures/shares.{svg,pdf,png}`` below ``folder``.

    Raises:
        UserError: ``folder`` holds no valid record of shares.
    """
    rows, _ = read_shares(folder)
    if not rows:
        raise UserError(f"results: {folder} holds no shares; measure them first by lshmoe-bench measure shares")
    return save(shares_figure(rows), folder / "figures" / "shares")
