"""The paper against its own arithmetic: do its speed-ups, shares, rates and equations fit each other?

Nothing is measured here.
"""

from suite.analysis.audit.equations import equation_rows
from suite.analysis.audit.speedups import speedup_rows
from suite.analysis.rows import Row
from suite.config.paper.published import Published


def audit_rows(published: Published) -> list[Row]:
    """One row per statement and reading."""
    return [*speedup_rows(published), *equation_rows(published)]
