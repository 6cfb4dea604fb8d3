"""Rows of the table of rates by kind of row, from the records of runs."""

from collections import defaultdict
from collections.abc import Sequence

from suite.analysis.order import in_order
from suite.analysis.rows import INVALID, Row, data_name
from suite.records.evidence import Invalid, Run
from suite.records.vocabulary import KINDS

# What the populations are called that leave kinds out, the last ones first.
NESTED = {"all": KINDS, "without padding": KINDS[:3], "without masks": KINDS[:2], "distinct alone": KINDS[:1]}


def kind_rows(runs: Sequence[Run], faults: Sequence[Invalid] = ()) -> list[Row]:
    """One row per model, task, method and population of rows: single kinds, and nested unions of them.

    A method with a run at fault says so in ``rate`` and gives nothing else.
    """
    cells: dict[tuple[str, str], dict[str, list[Run]]] = defaultdict(dict)
    for run in runs:
        if run.summary.steps:
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
        what: {kind: sum(getattr(run.summary.rows_by_kind[kind], what) for run in runs) for kind in KINDS}
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
                "route_padding": "yes" if first.summary.route_padding else "no",
                "rows": of_kinds,
                "share": of_kinds / routed,
                "sent": sent_of_kinds,
                "rate": sent_of_kinds / of_kinds,
                "bytes_share": sent_of_kinds / sent,
                "data": data_name(first.summary.data),
            }
        )
    return rows
