"""Locality-sensitive hash functions: rows → codes (paper §3.2, eq. 3).

A hash here holds H functions; a bucket is the tuple of their H codes. Codes depend on a row's direction only.
"""

import torch
from torch import Tensor, nn

from lshmoe.drawn import DrawnBuffers
from lshmoe.rotations import SharedRotation, make_rotation
from lshmoe.seeding import device_of, generator

# Rows hashed at once, which keeps rotated temporaries far below the layer's own activations; those of a shared
# rotation, which keeps every coordinate of every hash, shall stay in the cache.
_ROWS_AT_ONCE = 512
_ROWS_AT_ONCE_SHARED = 128

DEFAULT_COORDINATES = 4


def cross_polytope_codes(rotated_xP: Tensor) -> Tensor:
    """Nearest vertex of the cross-polytope: the signed coordinate of largest magnitude (eq. 3).

    Args:
        rotated_xP: ``[..., P]``, already rotated.

    Returns:
        int64 ``[...]``: ``i`` if the value is positive, else ``i + P``, where ``i`` is the first coordinate of largest
        magnitude.
    """
    # max with indices is faster than argmax, several times where rows are last; both name the first of equals.
    index_x1 = rotated_xP.abs().max(-1, keepdim=True).indices
    positive_x1 = rotated_xP.gather(-1, index_x1) > 0
    return torch.where(positive_x1, index_x1, index_x1 + rotated_xP.shape[-1]).squeeze(-1)


def _blocked_cross_polytope_codes(rotated_xBb: Tensor) -> Tensor:
    """Same codes for coordinates stored as B blocks of b: find the winning block first, then look only inside it.

    One vectorised maximum over memory replaces an index-carrying one that is many times slower.
    """
    blocks, size = rotated_xBb.shape[-2:]
    # Rows last is how SharedRotation lays out memory; maxima across whole contiguous rows vectorise.
    in_order = rotated_xBb.movedim(0, -1)
    peak_Bx = torch.maximum(in_order.amax(-2), -in_order.amin(-2))
    winner_x = peak_Bx.max(-2).indices
    inside_1bx = in_order.gather(-3, winner_x[..., None, None, :].expand(*winner_x.shape[:-1], 1, size, -1))
    codes_x = cross_polytope_codes(inside_1bx.squeeze(-3).movedim(-2, -1).contiguous())
    negative_x = codes_x >= size
    return (winner_x * size + codes_x + negative_x * (blocks * size - size)).movedim(-1, 0)


def _check_positive(field: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{field}: must be at least 1, got {value}")


class CrossPolytopeHash(nn.Module):
    """H cross-polytope hash functions (§3.2, eq. 3), the paper's default family.

    Args:
        dim: width D of a row.
        num_hashes: H; more functions make more and smaller buckets. The paper's default is 6.
        coordinates: P, the coordinates each rotation keeps, 1 to ``dim``; a function has 2·P outcomes. The paper is
            silent; ``None`` keeps 4, or all of a narrower row (docs/hashing.md says why).
        rotation: ``"orthogonal"``, ``"gaussian"`` or ``"hd3"``.
        seed: draws the rotations; they do not depend on anything else.

    Raises:
        ValueError: if a value is out of range or ``rotation`` unknown.
    """

    def __init__(
        self,
        dim: int,
        num_hashes: int = 6,
        coordinates: int | None = None,
        rotation: str = "orthogonal",
        seed: int = 0,
    ) -> None:
        super().__init__()
        _check_positive("dim", dim)
        _check_positive("num_hashes", num_hashes)
        kept = min(DEFAULT_COORDINATES, dim) if coordinates is None else coordinates
        if not 1 <= kept <= dim:
            raise ValueError(f"coordinates: must be between 1 and dim={dim}, got {kept}")
        self.dim, self.num_hashes, self.coordinates = dim, num_hashes, kept
        self.kind, self.seed = rotation, seed
        self.rotation = make_rotation(rotation, dim, num_hashes, kept, seed)

    def with_functions(self, num_hashes: int) -> "CrossPolytopeHash":
        """The same hash with another number of functions; a seed draws the same as in the constructor."""
        return CrossPolytopeHash(self.dim, num_hashes, self.coordinates, self.kind, self.seed)

    @property
    def buckets_per_hash(self) -> int:
        """Outcomes of one function: 2·P."""
        return 2 * self.coordinates

    @torch.no_grad()
    def forward(self, rows_RD: Tensor) -> Tensor:
        """Hash rows ``[R, D]`` to int64 codes ``[R, H]``."""
        shared = isinstance(self.rotation, SharedRotation)
        codes = _blocked_cross_polytope_codes if shared else cross_polytope_codes
        chunks = torch.split(rows_RD, _ROWS_AT_ONCE_SHARED if shared else _ROWS_AT_ONCE)
        return torch.cat([codes(self.rotation(chunk)) for chunk in chunks])


class SphericalPlaneHash(DrawnBuffers):
    """H hash functions of random hyperplanes through the origin: the sign pattern of ``planes`` projections.

    Args:
        dim: width D of a row.
        num_hashes: H.
        planes: hyperplanes per function, 1 to 62; a function has ``2**planes`` outcomes.
        seed: draws the hyperplanes.

    Raises:
        ValueError: if a value is out of range.
    """

    def __init__(self, dim: int, num_hashes: int = 6, planes: int = 1, seed: int = 0) -> None:
        super().__init__()
        _check_positive("dim", dim)
        _check_positive("num_hashes", num_hashes)
        if not 1 <= planes <= 62:
            raise ValueError(f"planes: must be between 1 and 62, got {planes}")
        self.dim, self.num_hashes, self.planes, self.seed = dim, num_hashes, planes, seed
        self.normals: Tensor
        self.bits: Tensor
        self.register_drawn()

    def with_functions(self, num_hashes: int) -> "SphericalPlaneHash":
        """The same hash with another number of functions; a seed draws the same as in the constructor."""
        return SphericalPlaneHash(self.dim, num_hashes, self.planes, self.seed)

    def draw(self) -> dict[str, Tensor]:
        """Normal vectors ``[D, H·planes]`` of the hyperplanes, and the value ``[planes]`` of each plane's bit."""
        gen = generator(self.seed, "planes")
        normals = torch.randn(self.dim, self.num_hashes * self.planes, generator=gen, device=device_of(gen))
        return {"normals": normals, "bits": 2 ** torch.arange(self.planes, device=normals.device)}

    @property
    def buckets_per_hash(self) -> int:
        """Outcomes of one function: ``2**planes``."""
        return int(2**self.planes)

    @torch.no_grad()
    def forward(self, rows_RD: Tensor) -> Tensor:
        """Hash rows ``[R, D]`` to int64 codes ``[R, H]``."""
        self.draw_where(rows_RD)
        above = torch.unflatten(rows_RD @ self.normals.to(rows_RD.dtype), -1, (self.num_hashes, self.planes)) > 0
        codes_RH: Tensor = (above * self.bits).sum(-1)
        return codes_RH
