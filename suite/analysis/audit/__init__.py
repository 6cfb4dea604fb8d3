"""The paper against its own arithmetic: do its speed-ups, shares, rates and equations fit each other?

Nothing is measured here.
"""

from suite.analysis.audit.equations import equation_rows
from suite.analysis.audit.row import AuditRow
from suite.analysis.audit.speedups import judged_speedups
from suite.config.paper.published import Published


def audit_rows(published: Published) -> list[AuditRow]:
    """One row per statement and reading."""
    return [*judged_speedups(published), *equation_rows(published)]
