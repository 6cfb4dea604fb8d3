"""The order of methods in every table and legend."""

from collections.abc import Iterable

# These first, all others after them by name.
FIRST = ("bf16", "vanilla", "lsh", "lsh_no_compensation", "int8", "fp8", "lsh_fp8", "random")


def in_order(methods: Iterable[str]) -> list[str]:
    """Distinct methods in the order of every table and legend."""
    return sorted(set(methods), key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
