"""The paper against its own arithmetic: do its speed-ups, shares, rates and equations fit each other?

Nothing is measured here.
"""

from suite.audit.equations import equation_rows
from suite.audit.speedups import speedup_rows
from suite.published import Published
from suite.rows import Row


def audit_rows(published: Published) -> list[Row]:
    """One row per statement and reading."""
    return [*speedup_rows(published), *equation_rows(published)]
