"""Speed-ups split into bytes saved and expert compute saved, from the records of one scale alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.rows import Row
from suite.analysis.savings import savings_rows
from suite.analysis.speedup import speedup_rows
from suite.records.evidence import read_evidence
from suite.tables.formatting import number, scaled, table_files, with_interval, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "What each method saves of vanilla's step, by measured part, and the speed-up that it would have if only its "
    "all-to-alls, or only its experts, had become cheaper."
)
SAVINGS = (
    "model task method cluster share rate speedup speedup_low speedup_high vanilla_seconds step_seconds "
    "all_to_all_saved experts_saved reduction_saved rest_saved speedup_by_bytes speedup_by_experts "
    "speedup_without_experts"
).split()


def savings_sheet(rows: Sequence[Row], scale: str) -> Sheet:
    header = (
        "model task method cluster share rate speedup by_bytes by_experts without_experts all_to_all_ms experts_ms "
        "reduction_ms rest_ms"
    ).split()
    cells = [
        [
            *(str(row[name]) for name in ("model", "task", "method", "cluster")),
            number(row["share"], ".0%"),
            number(row["rate"], ".1%"),
            with_interval(row, "speedup", ".2f"),
            *(number(row[name], ".2f") for name in ("speedup_by_bytes", "speedup_by_experts")),
            number(row["speedup_without_experts"], ".2f"),
            *(
                number(scaled(row, f"{part}_saved", 1e3), "+.1f")
                for part in ("all_to_all", "experts", "reduction", "rest")
            ),
        ]
        for row in rows
    ]
    notes = [
        "Milliseconds saved of vanilla's mean step, by part; negative: the method takes longer. By bytes, by experts: "
        "vanilla's step over the same step with that part alone as the method has it. Without experts: the "
        "method's own "
        "step, had its experts taken as long as vanilla's; methods that send all rows save none there. Time in "
        "all-to-alls "
        "includes waiting for the other ranks, and so some of what experts and luck save. The speed-up is the "
        "median over "
        "pairs of blocks, the parts are means over blocks, so they agree up to noise.",
    ]
    return Sheet(f"Savings by part, scale {scale}", header, cells, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/savings.{csv,md,tex}`` below ``folder``."""
    rows = savings_rows(speedup_rows(read_evidence(folder)))
    return write_tables(folder, table_files("savings", rows, SAVINGS, CAPTION, savings_sheet(rows, scale)))
