"""Which rows travel, by kind of token, of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.kinds import ALL, NESTED, KindRow, kind_rows
from suite.analysis.rows import AtFault, sound
from suite.records.evidence import read_evidence
from suite.tables.formatting import data_note
from suite.tables.sheet import Sheet
from suite.tables.table import Table

CAPTION = (
    "Which rows a method sent, by kind of token. A rate that falls when padding, masks or repeated tokens are "
    "counted in owes its compression to them."
)
TABLE = Table(
    "kinds",
    KindRow,
    "one row per model, task, method and population of rows",
    CAPTION,
    printed="model task method route_padding kind share rate bytes_share".split(),
)


def kinds_sheet(rows: Sequence[KindRow | AtFault], scale: str) -> Sheet:
    reducing = {_key(row) for row in rows if isinstance(row, AtFault) or row.rate != 1}
    shown = [row for row in rows if _key(row) in reducing and not _repeats(row, rows)]
    notes = [
        "Of all rows routed in training: which share is of a kind, which share of these was sent (rate), and which "
        "share of all sent rows, and so of the bytes, they were. A token's first occurrence on its rank in a step is "
        "`distinct`, later ones are `repeated`; `mask` is <mask> or a sentinel. A centroid counts under the first kind "
        "among its rows in the order distinct, repeated, mask, padding: so `without padding` is the rate that the same "
        "rows would have had if padding had never been routed, and `distinct alone` if each token had come once. "
        "Images have no kinds: all their rows count as distinct. Methods that send every row are left out here.",
        data_note(row.data for row in sound(rows)),
    ]
    return TABLE.sheet(f"Rate by kind of row, scale {scale}", shown, notes)


def _repeats(row: KindRow | AtFault, rows: Sequence[KindRow | AtFault]) -> bool:
    """Whether a union leaves nothing out that a single kind or a larger union does not have already."""
    if isinstance(row, AtFault) or row.kind not in NESTED or row.kind == ALL:
        return False
    before = sound(rows[: rows.index(row)])
    return any(_key(other) == _key(row) and other.rows == row.rows for other in before)


def _key(row: KindRow | AtFault) -> tuple[object, ...]:
    return row.model, row.task, row.method


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/kinds.{csv,md,tex}`` below ``folder``."""
    evidence = read_evidence(folder)
    rows = kind_rows(evidence.runs, evidence.invalid_runs)
    return TABLE.write(folder, rows, kinds_sheet(rows, scale))
