"""The table of rates by kind of row, from the records of runs."""

from collections import defaultdict
from collections.abc import Sequence

from suite.analysis.columns import column, table_row
from suite.analysis.order import in_order
from suite.analysis.rows import AtFault, MethodRow, data_name
from suite.records.evidence import Invalid, Run
from suite.records.vocabulary import KINDS

# Unions of kinds; each leaves out what the one before it still has.
ALL = "all"
NESTED = {ALL: KINDS, "without padding": KINDS[:3], "without masks": KINDS[:2], "distinct alone": KINDS[:1]}


@table_row
class KindRow(MethodRow):
    """A population of rows under one method, all seeds together."""

    kind: str = column(
        "`distinct`: a token's first occurrence on its rank in a step; `repeated`: later ones; `mask`: <mask> or a "
        "sentinel; `padding`; and unions: `all`, `without padding`, `without masks` (nor padding), `distinct alone`",
        words=True,
    )
    route_padding: str = column("whether padding went to experts", header="padding_routed")
    rows: int = column("rows routed over the whole training", "rows")
    share: float = column("of all routed rows", "fraction", header="share_of_rows", form=".1%")
    sent: int = column(
        "rows sent for them; a centroid counts under the first of its rows' kinds, in the order above, so a union has "
        "the rate that it would have had alone",
        "rows",
    )
    rate: float = column("`sent` over `rows`", "fraction", form=".1%", better="lower", tells_fault=True)
    bytes_share: float = column(
        "of all sent rows, and so of all bytes of rows", "fraction", header="share_of_bytes", form=".1%"
    )
    data: str = column("data sets used")


def kind_rows(runs: Sequence[Run], faults: Sequence[Invalid] = ()) -> list[KindRow | AtFault]:
    """One row per model, task, method and population of rows: single kinds, and nested unions of them."""
    groups: dict[tuple[str, str], dict[str, list[Run]]] = defaultdict(dict)
    for run in runs:
        if run.summary.steps:
            groups[run.model, run.task].setdefault(run.method, []).append(run)
    for record in faults:
        groups[record.model, record.task][str(record.method)] = []
    rows: list[KindRow | AtFault] = []
    for model, task in sorted(groups):
        for method in in_order(groups[model, task]):
            of_method = groups[model, task][method]
            rows += _method_rows(of_method) if of_method else [AtFault(model, task, method, kind=ALL)]
    return rows


def _method_rows(runs: Sequence[Run]) -> list[KindRow]:
    counts = {
        what: {kind: sum(getattr(run.summary.rows_by_kind[kind], what) for run in runs) for kind in KINDS}
        for what in ("routed", "sent")
    }
    routed, sent = (max(1, sum(counts[what].values())) for what in ("routed", "sent"))
    first = runs[0]
    rows = []
    for name, kinds in ({kind: (kind,) for kind in KINDS} | NESTED).items():
        of_kinds, sent_of_kinds = (sum(counts[what][kind] for kind in kinds) for what in ("routed", "sent"))
        if not of_kinds:
            continue
        rows.append(
            KindRow(
                model=first.model,
                task=first.task,
                method=first.method,
                kind=name,
                route_padding="yes" if first.summary.route_padding else "no",
                rows=of_kinds,
                share=of_kinds / routed,
                sent=sent_of_kinds,
                rate=sent_of_kinds / of_kinds,
                bytes_share=sent_of_kinds / sent,
                data=data_name(first.summary.data),
            )
        )
    return rows
