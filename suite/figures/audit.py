"""Published speed-ups beside what the paper's own share and rate allow."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from suite.analysis.audit.speedups import BYTES_SHRINK, EXPERTS_SHRINK, speedup_rows
from suite.config.paper.published import Published, published
from suite.figures import style
from suite.figures.canvas import main, save

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


def audit_frame(numbers: Published) -> pd.DataFrame:
    """One row per speed-up and kind of mark: ``label``, ``kind``, ``speedup``."""
    rows = []
    for row in speedup_rows(numbers):
        if row["reading"] not in LABELS:
            continue
        label = f"{row['model']}, {row['task']}" if row["section"] != "abstract" else f"abstract, {row['published']}×"
        rows.append({"label": label, "kind": row["reading"], "speedup": row["possible"]})
        if row["reading"] == BYTES_SHRINK:
            rows.append({"label": label, "kind": PUBLISHED, "speedup": row["published"]})
            rows.append({"label": label, "kind": LIMIT, "speedup": row["limit"]})
    return pd.DataFrame(rows)


def audit_figure(frame: pd.DataFrame) -> Figure:
    """A dot plot, one line per published speed-up."""
    style.apply()
    height = 0.7 + 0.17 * frame["label"].nunique()
    figure, axis = plt.subplots(figsize=(style.FULL_WIDTH, height), layout="constrained")
    order = list(dict.fromkeys(frame["label"]))
    axis.set_yticks(range(len(order)), order)
    for kind, (colour, marker) in MARKS.items():
        part = frame[frame["kind"] == kind]
        look = {"color": colour} if kind in (PUBLISHED, LIMIT) else {"color": "white", "edgecolor": colour}
        sns.scatterplot(
            x=part["speedup"],
            y=part["label"].map(order.index),
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
    return save(audit_figure(audit_frame(published())), folder / "figures" / "audit")


if __name__ == "__main__":
    main(build)
