"""The table behind Fig. 3: all-to-all's share of a step as servers or experts double, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.rows import Row
from suite.analysis.shares import CAPTION, read_shares
from suite.tables.formatting import fault_notes, main, number, scaled, table_files, with_interval, write_tables
from suite.tables.sheet import Sheet

SHARES = (
    "model task variant servers experts share share_low share_high paper_share expected_share kappa open_share "
    "latency_share slowdown inter_server_bytes_per_step link_alpha_seconds link_beta_seconds_per_byte step_seconds"
).split()


def shares_sheet(rows: Sequence[Row], scale: str, faults: Sequence[str] = ()) -> Sheet:
    header = (
        "model variant servers experts share paper expected kappa open_share latency slowdown MB_between_servers "
        "ns_per_byte step_ms"
    ).split()
    cells = [
        [
            *(str(row[name]) for name in ("model", "variant", "servers", "experts")),
            with_interval(row, "share", ".1%"),
            *(number(row[name], ".1%") for name in ("paper_share", "expected_share")),
            number(row["kappa"], ".3f"),
            *(number(row[name], ".1%") for name in ("open_share", "latency_share")),
            number(row["slowdown"], ".2f"),
            number(scaled(row, "inter_server_bytes_per_step", 1e-6), ".2f"),
            number(scaled(row, "link_beta_seconds_per_byte", 1e9), ".1f"),
            number(scaled(row, "step_seconds", 1e3), ".1f"),
        ]
        for row in rows
    ]
    notes = [
        "Share: median over rounds with a bootstrap interval, waiting for other ranks included; `open_share`: the same "
        "with the link open. Weights are untrained.",
    ]
    return Sheet(f"Share of all-to-all, scale {scale}", header, cells, [*notes, *faults])


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/shares.{csv,md,tex}`` below ``folder`` and report records at fault on stderr."""
    rows, faults = read_shares(folder)
    sheet = shares_sheet(rows, scale, fault_notes(faults, folder))
    return write_tables(folder, table_files("shares", rows, SHARES, CAPTION, sheet))


if __name__ == "__main__":
    main(build)
