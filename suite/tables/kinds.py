"""Which rows travel, by kind of token, of one scale, from its records alone."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from suite.comparisons import INVALID, data_name
from suite.evidence import Invalid, Run, read_evidence
from suite.rows import Row
from suite.style import in_order
from suite.tables.formatting import data_note, main, number, table_files, write_tables
from suite.tables.sheet import Sheet
from suite.vocabulary import KINDS

CAPTION = (
    "Which rows a method sent, by kind of token. A rate that falls when padding, masks or repeated tokens are "
    "counted in owes its compression to them."
)
KINDS_COLUMNS = "model task method kind route_padding rows share sent rate bytes_share data".split()
# What the populations are called that leave kinds out, the last ones first.
NESTED = {"all": KINDS, "without padding": KINDS[:3], "without masks": KINDS[:2], "distinct alone": KINDS[:1]}


def kind_rows(runs: Sequence[Run], faults: Sequence[Invalid] = ()) -> list[Row]:
    """One row per model, task, method and population of rows: single kinds, and nested unions of them.

    A method with a run at fault says so in ``rate`` and gives nothing else.
    """
    cells: dict[tuple[str, str], dict[str, list[Run]]] = defaultdict(dict)
    for run in runs:
        if run.summary["steps"]:
            cells[run.model, run.task].setdefault(run.method, []).append(run)
    for record in faults:
        cells[record.model, record.task][str(record.method)] = []
    rows: list[Row] = []
    for model, task in sorted(cells):
        for method in in_order(cells[model, task]):
            of_method = cells[model, task][method]
            invalid: Row = {"model": model, "task": task, "method": method, "kind": "all", "rate": INVALID}
            rows += _method_rows(of_method) if of_method else [invalid]
    return rows


def _method_rows(runs: Sequence[Run]) -> list[Row]:
    counts = {
        what: {kind: sum(run.summary["rows_by_kind"][kind][what] for run in runs) for kind in KINDS}
        for what in ("routed", "sent")
    }
    routed, sent = (max(1, sum(counts[what].values())) for what in ("routed", "sent"))
    first = runs[0]
    rows: list[Row] = []
    for name, kinds in ({kind: (kind,) for kind in KINDS} | NESTED).items():
        of_kinds, sent_of_kinds = (sum(counts[what][kind] for kind in kinds) for what in ("routed", "sent"))
        if not of_kinds:
            continue
        rows.append(
            {
                "model": first.model,
                "task": first.task,
                "method": first.method,
                "kind": name,
                "route_padding": "yes" if first.summary["route_padding"] else "no",
                "rows": of_kinds,
                "share": of_kinds / routed,
                "sent": sent_of_kinds,
                "rate": sent_of_kinds / of_kinds,
                "bytes_share": sent_of_kinds / sent,
                "data": data_name(first.summary["data"]),
            }
        )
    return rows


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
    rows = kind_rows(evidence.runs, [record for record in evidence.invalid if record.method is not None])
    return write_tables(folder, table_files("kinds", rows, KINDS_COLUMNS, CAPTION, kinds_sheet(rows, scale)))


if __name__ == "__main__":
    main(build)
