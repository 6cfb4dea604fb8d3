"""The paper against its own arithmetic, as a table; nothing is read but ``suite/conf``."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from suite.analysis.audit import audit_rows
from suite.analysis.audit.judgement import OVERHEAD_LIMIT, SHARE_TOLERANCE
from suite.analysis.audit.row import AuditRow
from suite.config.paper.published import published
from suite.tables.formatting import number
from suite.tables.sheet import Sheet
from suite.tables.table import Printed, Table

CAPTION = (
    "Every speed-up and share that the paper prints, beside what its own shares and compression rates allow by "
    "arithmetic. Read a row as: could the printed number follow from the other printed numbers?"
)


def _statement(row: AuditRow) -> str:
    return " ".join(filter(None, (row.model, row.task))) + f", {row.quantity}"


def _published(row: AuditRow) -> str:
    return _as_published(row, row.published)


def _possible(row: AuditRow) -> str:
    return _as_published(row, row.possible)


def _as_published(row: AuditRow, value: float) -> str:
    return number(value, ".0%") if row.quantity == "share" else f"{number(value, '.3g')}×"


def _share(row: AuditRow) -> str:
    return _marked(row, "share", row.share)


def _rate(row: AuditRow) -> str:
    return _marked(row, "rate", row.rate)


def _marked(row: AuditRow, name: str, value: float | None) -> str:
    """In percent, with an asterisk where the paper has none for this very statement."""
    mark = "*" if name in (row.borrowed or "") else ""
    return "–" if value is None else f"{value * 100:.3g}%{mark}"


TABLE = Table(
    "audit",
    AuditRow,
    "one row per published number and reading",
    CAPTION,
    printed=(
        Printed("statement", _statement, words=True),
        "section",
        Printed("published", _published),
        Printed("share", _share),
        Printed("rate", _rate),
        "reading",
        Printed("possible", _possible),
        "share_needed",
        "rate_needed",
        "verdict",
        "reason",
    ),
    about="Arithmetic on what the paper prints (`suite/conf/paper/published.yaml`); nothing is measured.",
)


def audit_sheet(rows: Sequence[AuditRow]) -> Sheet:
    verdicts = Counter(row.verdict for row in rows)
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
    return TABLE.sheet("The paper by its own arithmetic", rows, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/audit.{csv,md,tex}`` below ``folder``; the same at every scale."""
    rows = audit_rows(published())
    return TABLE.write(folder, rows, audit_sheet(rows))
