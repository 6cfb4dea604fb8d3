"""Why the last attempt at a run failed."""

from pydantic import Field

from suite.records.schema.base import Part


class Failure(Part):
    """``failure.json``, left by whoever started the ranks."""

    reason: str = Field(description="one line: the rank that failed first, and its error")
