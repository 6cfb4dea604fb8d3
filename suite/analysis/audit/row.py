"""The row of the audit table."""

from suite.analysis.columns import column, table_row


@table_row
class AuditRow:
    """A statement of the paper by one reading."""

    statement: str = column("what is judged", words=True)
    section: str = column("where the paper says it", words=True)
    model: str = column("the paper's name", words=True)
    task: str | None = column("the paper's name", words=True, default=None)
    quantity: str = column("of `published`: `speed-up`, or `share` of all-to-all in a step", words=True)
    published: float = column("as printed", "ratio or fraction")
    reading: str = column(
        "`all-to-all shrinks`: bytes alone shrink by the rate; `experts shrink too`: their compute as well; or the "
        "equation used",
        words=True,
    )
    share: float | None = column("the reported share that it is judged by", "fraction", default=None)
    rate: float | None = column("the reported rate that it is judged by", "fraction", default=None)
    possible: float = column("what these give without any overhead", "as published")
    limit: float | None = column("what the share gives with nothing sent at all", "ratio", default=None)
    share_needed: float | None = column(
        "at the reported rate, the smallest share that gives a speed-up that rounds to `published`",
        "fraction",
        form=".0%",
        default=None,
    )
    rate_needed: float | None = column(
        "at the reported share, the largest such rate; empty if no rate does", "fraction", form=".1%", default=None
    )
    overhead: float | None = column(
        "of vanilla's step: what must have come on top for the speed-up to be no more than published",
        "fraction",
        default=None,
    )
    borrowed: str | None = column(
        "what the paper does not report for this very model or task, so that the nearest was taken", default=None
    )
    verdict: str = column("`consistent`, `not consistent` or `needs more than the paper reports`", words=True)
    reason: str = column("why", words=True)
