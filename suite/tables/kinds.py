"""Which rows travel, by kind of token, of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.kinds import NESTED, kind_rows
from suite.analysis.rows import Row
from suite.records.evidence import read_evidence
from suite.tables.formatting import data_note, main, number, table_files, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "Which rows a method sent, by kind of token. A rate that falls when padding, masks or repeated tokens are "
    "counted in owes its compression to them."
)
KINDS_COLUMNS = "model task method kind route_padding rows share sent rate bytes_share data".split()


def kinds_sheet(rows: Sequence[Row], scale: str) -> Sheet:
    header = "model task method padding_routed kind share_of_rows rate share_of_bytes".split()
    reducing = {_key(row) for row in rows if row["rate"] != 1}
    cells = [
        [
            *(number(row.get(name)) for name in ("model", "task", "method", "route_padding", "kind")),
            *(number(row.get(name), ".1%") for name in ("share", "rate", "bytes_share")),
        ]
        for row in rows
        if _key(row) in reducing and not (row["kind"] in NESTED and row["kind"] != "all" and _repeats(row, rows))
    ]
    notes = [
        "Of all rows routed in training: which share is of a kind, which share of these was sent (rate), and which "
        "share of all sent rows, and so of the bytes, they were. A token's first occurrence on its rank in a step is "
        "`distinct`, later ones are `repeated`; `mask` is <mask> or a sentinel. A centroid counts under the first kind "
        "among its rows in the order distinct, repeated, mask, padding: so `without padding` is the rate that the same "
        "rows would have had if padding had never been routed, and `distinct alone` if each token had come once. "
        "Images have no kinds: all their rows count as distinct. Methods that send every row are left out here.",
        data_note(rows),
    ]
    return Sheet(f"Rate by kind of row, scale {scale}", header, cells, notes)


def _repeats(union: Row, rows: Sequence[Row]) -> bool:
    """Whether a union leaves nothing out that a single kind or a larger union does not have already."""
    before = rows[: rows.index(union)]
    return any(_key(row) == _key(union) and row["rows"] == union["rows"] for row in before)


def _key(row: Row) -> tuple[object, ...]:
    return row["model"], row["task"], row["method"]


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/kinds.{csv,md,tex}`` below ``folder``."""
    evidence = read_evidence(folder)
    rows = kind_rows(evidence.runs, evidence.invalid_runs)
    return write_tables(folder, table_files("kinds", rows, KINDS_COLUMNS, CAPTION, kinds_sheet(rows, scale)))


if __name__ == "__main__":
    main(build)
