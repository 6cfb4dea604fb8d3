"""Published speed-ups beside what the paper's own share and rate allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure

from suite.analysis.audit.speedups import BYTES_SHRINK, EXPERTS_SHRINK, judged_speedups
from suite.config.paper.published import Published, published
from suite.figures import style
from suite.figures.canvas import save

CAPTION = (
    "Published speed-ups beside what the paper's own share and rate allow. A dot to the right of both open marks "
    "claims more than these numbers give."
)

PUBLISHED, LIMIT = "published", "possible with nothing sent"
MARKS = {
    PUBLISHED: ("#000000", "o"),
    BYTES_SHRINK: ("#D55E00", "s"),
    EXPERTS_SHRINK: ("#0072B2", "D"),
    LIMIT: ("#8C8C8C", "|"),
}
LABELS = {
    BYTES_SHRINK: "possible: all-to-all shrinks",
    EXPERTS_SHRINK: "possible: experts shrink too",
}


@dataclass(frozen=True)
class Mark:
    """A speed-up of one kind, of :data:`MARKS`, on the line of a published one."""

    label: str
    kind: str
    speedup: float


def audit_marks(numbers: Published) -> list[Mark]:
    """What is drawn of every published speed-up."""
    marks = []
    for row in judged_speedups(numbers):
        if row.reading not in LABELS:
            continue
        label = f"{row.model}, {row.task}" if row.section != "abstract" else f"abstract, {row.published}×"
        marks.append(Mark(label, row.reading, row.possible))
        if row.reading == BYTES_SHRINK and row.limit is not None:
            marks += [Mark(label, PUBLISHED, row.published), Mark(label, LIMIT, row.limit)]
    return marks


def audit_figure(marks: Sequence[Mark]) -> Figure:
    """A dot plot, one line per published speed-up."""
    style.apply()
    order = list(dict.fromkeys(mark.label for mark in marks))
    height = 0.7 + 0.17 * len(order)
    figure, axis = plt.subplots(figsize=(style.FULL_WIDTH, height), layout="constrained")
    axis.set_yticks(range(len(order)), order)
    for kind, (colour, marker) in MARKS.items():
        part = [mark for mark in marks if mark.kind == kind]
        filled = kind in (PUBLISHED, LIMIT)
        look: dict[str, Any] = {"color": colour} if filled else {"color": "white", "edgecolor": colour}
        sns.scatterplot(
            x=[mark.speedup for mark in part],
            y=[order.index(mark.label) for mark in part],
            ax=axis,
            marker=marker,
            s=12 if kind == PUBLISHED else 24,
            linewidth=1,
            label=LABELS.get(kind, kind),
            legend=False,
            zorder=3 if kind == PUBLISHED else 2,
            **look,
        )
    axis.axvline(1, color="#666666", linewidth=0.7, zorder=1)
    axis.set(xlabel="speed-up over vanilla", ylabel="", ylim=(len(order) - 0.5, -0.5))
    figure.legend(loc="outside lower center", ncols=4, columnspacing=1.2, handletextpad=0.3)
    return figure


def build(folder: Path) -> list[Path]:
    """Write ``figures/audit.{svg,pdf,png}`` below ``folder``; the same at every scale."""
    return save(audit_figure(audit_marks(published())), folder / "figures" / "audit")
