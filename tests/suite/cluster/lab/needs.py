"""What the tests of the lab need of the machine."""

import pytest

from suite.cluster.lab import permission
from suite.errors import UserError


def _why_not() -> str | None:
    try:
        permission.entry()
    except UserError as error:
        return str(error)
    return None


needs_lab = pytest.mark.skipif(_why_not() is not None, reason=str(_why_not()))
