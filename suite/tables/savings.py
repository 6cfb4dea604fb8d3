"""Speed-ups split into bytes saved and expert compute saved, from the records of one scale alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.savings import SavingsRow, savings_rows
from suite.analysis.speedup import speedup_rows
from suite.records.evidence import read_evidence
from suite.tables.sheet import Sheet
from suite.tables.table import Table

CAPTION = (
    "What each method saves of the reference's step, by measured part, and the speed-up that it would have if only its "
    "all-to-alls, or only its experts, had become cheaper."
)
TABLE = Table(
    "savings",
    SavingsRow,
    "one row per model, task, cluster and method besides the reference",
    CAPTION,
    printed=(
        "model task method cluster reference share rate equal_bytes speedup speedup_by_bytes speedup_by_experts "
        "speedup_without_experts all_to_all_saved experts_saved reduction_saved rest_saved"
    ).split(),
    about="From the parts of a step in `speedup.csv`: where a speed-up comes from.",
)


def savings_sheet(rows: Sequence[SavingsRow], scale: str) -> Sheet:
    notes = [
        "Milliseconds saved of the reference's mean step, by part; negative: the method takes longer. By bytes, by "
        "experts: the reference's step over the same step with that part alone as the method has it. Without experts: "
        "the method's own "
        "step, had its experts taken as long as the reference's; methods that send all rows save none there. Time in "
        "all-to-alls "
        "includes waiting for the other ranks, and so some of what experts and luck save. The speed-up is the "
        "median over "
        "pairs of blocks, the parts are means over blocks, so they agree up to noise. Reference and "
        "equal bytes: as in `speedup.md`.",
    ]
    return TABLE.sheet(f"Savings by part, scale {scale}", rows, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/savings.{csv,md,tex}`` below ``folder``."""
    rows = savings_rows(speedup_rows(read_evidence(folder)))
    return TABLE.write(folder, rows, savings_sheet(rows, scale))
