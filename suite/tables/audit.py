"""The paper against its own arithmetic, as a table; nothing is read but ``suite/conf``."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from suite.analysis.audit import audit_rows
from suite.analysis.audit.judgement import OVERHEAD_LIMIT, SHARE_TOLERANCE
from suite.analysis.rows import Row
from suite.config.paper.published import published
from suite.tables.formatting import main, number, scaled, table_files, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "Every speed-up and share that the paper prints, beside what its own shares and compression rates allow by "
    "arithmetic. Read a row as: could the printed number follow from the other printed numbers?"
)
AUDIT = (
    "statement section model task quantity published reading share rate possible limit share_needed rate_needed "
    "overhead borrowed verdict reason"
).split()


def audit_sheet(rows: Sequence[Row]) -> Sheet:
    header = "statement section published share rate reading possible share_needed rate_needed verdict reason".split()
    cells = [
        [
            " ".join(str(row[name]) for name in ("model", "task") if row.get(name)) + f", {row['quantity']}",
            str(row["section"]),
            _value(row, "published"),
            _marked(row, "share"),
            _marked(row, "rate"),
            str(row["reading"]),
            _value(row, "possible"),
            number(row.get("share_needed"), ".0%"),
            number(row.get("rate_needed"), ".1%"),
            str(row["verdict"]),
            str(row["reason"]),
        ]
        for row in rows
    ]
    verdicts = Counter(str(row["verdict"]) for row in rows)
    notes = [
        "By arithmetic alone, from `suite/conf/paper/published.yaml`; nothing was measured. Possible: S = 1 / (1 − "
        "s(1−ρ)) at the reported rate ρ, without any overhead. `all-to-all shrinks`: s is the share, as in the "
        "paper's account of its gains. `experts shrink too`: Algorithm 1 gives experts the centroids alone, so "
        "their part of the compute, here from the models' shapes with MoE layers in every other layer, shrinks by "
        "the same rate. Needed: the share at the reported rate, and the largest rate at the reported share, that "
        "give the printed speed-up; 1.3 may be any number that rounds to it. An asterisk: the paper reports none "
        "for this model or task, the nearest was taken.",
        f"Needs more: stronger compression than reported, or an unreported overhead above {OVERHEAD_LIMIT:.0%} of a "
        "step, or GPUs at an unreported part of their peak. Not consistent: no rate is enough at that share; or two "
        f"shares, or a share and its equation, lie more than {100 * SHARE_TOLERANCE:.0f} points apart and no "
        "achieved part of the peak explains it. Fig. 6 compares times to equal perplexity, which exceed the "
        "speed-up of a step only if fewer steps are needed. Swin-MoE-L counts with the width of its third stage, 18 "
        "of 24 layers.",
        "; ".join(f"{verdict}: {count}" for verdict, count in sorted(verdicts.items())) + ".",
    ]
    return Sheet("The paper by its own arithmetic", header, cells, notes)


def _value(row: Row, name: str) -> str:
    value = row.get(name)
    return number(value, ".0%") if row["quantity"] == "share" else f"{number(value, '.3g')}×"


def _marked(row: Row, name: str) -> str:
    mark = "*" if name in str(row.get("borrowed") or "") else ""
    percent = scaled(row, name, 100)
    return "–" if percent is None else f"{percent:.3g}%{mark}"


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/audit.{csv,md,tex}`` below ``folder``; the same at every scale."""
    rows = audit_rows(published())
    return write_tables(folder, table_files("audit", rows, AUDIT, CAPTION, audit_sheet(rows)))


if __name__ == "__main__":
    main(build)
