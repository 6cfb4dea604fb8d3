"""Seeds that do not depend on world size, call order or platform."""

import hashlib

import torch


def derive_seed(*parts: int | str) -> int:
    """Derive a 63-bit seed from any mix of integers and names by SHA-256.

    ``derive_seed(0, "model")`` and ``derive_seed(0, "data")`` are unrelated streams of the same root seed.
    """
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def device_of(gen: torch.Generator | None) -> torch.device:
    """Where to draw with what :func:`generator` returned: on the CPU, or nothing on the meta device."""
    return torch.device("meta") if gen is None else gen.device


def generator(*parts: int | str) -> torch.Generator | None:
    """Return a CPU generator seeded with :func:`derive_seed` of ``parts``.

    ``None`` where modules are built with ``torch.device("meta")``: there are no numbers to draw.
    """
    if torch.get_default_device().type == "meta":
        return None
    return torch.Generator().manual_seed(derive_seed(*parts))
