"""The method that others are held against: all rows, on a 16-bit wire, by one flat all-to-all.

Where rows are float32, that is ``bf16``; ``vanilla``, whose wire is float32 there, stands beside it. Where rows are
16-bit, vanilla's own wire is that wire already, and ``bf16`` would be the same method twice.
"""

from collections.abc import Collection, Iterable
from typing import Literal

from suite.errors import UserError

Precision = Literal["float32", "bfloat16"]
PLAIN, SIXTEEN_BIT = "vanilla", "bf16"


def reference_of(precision: Precision, among: Collection[str] = (PLAIN, SIXTEEN_BIT)) -> str:
    """The reference of bytes, shares and speed-ups.

    Args:
        precision: of the rows that enter all-to-alls.
        among: what was measured; without ``bf16``, as in older records, vanilla is the reference.
    """
    return SIXTEEN_BIT if precision == "float32" and SIXTEEN_BIT in among else PLAIN


def with_reference(methods: Iterable[str], precision: Precision) -> list[str]:
    """The reference, vanilla beside it, and ``methods``, each once, in this order."""
    return list(dict.fromkeys([reference_of(precision), PLAIN, *methods]))


def refuse_twins(methods: Collection[str], precision: Precision, field: str) -> None:
    """Refuse a comparison that holds one method under two names.

    Raises:
        UserError: ``methods`` holds ``vanilla`` and ``bf16``, and rows are 16-bit; names ``field``.
    """
    if precision != "float32" and {PLAIN, SIXTEEN_BIT} <= set(methods):
        raise UserError(
            f"{field}: {PLAIN} and {SIXTEEN_BIT} are one wire where rows are 16-bit; leave out {SIXTEEN_BIT}"
        )


def wire_label(method: str, relative_bytes: float) -> str:
    """A method's name for tables and figures; vanilla's says so where its wire is float32.

    Args:
        method: a file of ``conf/method``.
        relative_bytes: what it sent over the same rows on a 16-bit wire.
    """
    return f"{method} (float32 wire)" if method == PLAIN and relative_bytes > 1.5 else method
