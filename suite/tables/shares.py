"""The table behind Fig. 3: all-to-all's share of a step as servers or experts double, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.shares import CAPTION, SharesRow, read_shares
from suite.tables.formatting import fault_notes
from suite.tables.sheet import Sheet
from suite.tables.table import Table

TABLE = Table(
    "shares",
    SharesRow,
    "one row per model of Fig. 3 and variant",
    CAPTION,
    printed=(
        "model variant servers experts share paper_share expected_share kappa open_share latency_share slowdown "
        "inter_server_bytes_per_step link_beta_seconds_per_byte step_seconds"
    ).split(),
)


def shares_sheet(rows: Sequence[SharesRow], scale: str, faults: Sequence[str] = ()) -> Sheet:
    notes = [
        "Share: geometric mean over rounds with Student's t interval, waiting for other ranks included; `open_share`: "
        "the same with the link open. Weights are untrained.",
    ]
    return TABLE.sheet(f"Share of all-to-all, scale {scale}", rows, [*notes, *faults])


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/shares.{csv,md,tex}`` below ``folder`` and report records at fault on stderr."""
    rows, faults = read_shares(folder)
    sheet = shares_sheet(rows, scale, fault_notes(faults, folder))
    return TABLE.write(folder, rows, sheet)
