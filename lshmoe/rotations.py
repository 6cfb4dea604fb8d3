"""Random rotations for cross-polytope hashing, several at a time.

The paper (§3.2, eq. 3) asks for a random rotation and leaves open how it is drawn. Three families are offered:

- ``orthogonal``: Haar-distributed rotations. Few kept coordinates come from independent dense matrices. When the
  hashes keep all, one dense Haar rotation is shared and each hash adds its own random permutation and block-orthogonal
  round: every single rotation is still Haar distributed, at a fraction of the cost.
- ``gaussian``: dense Gaussian projections, the textbook reference.
- ``hd3``: three rounds of random signs and a Walsh–Hadamard transform (fewer rounds fail on sparse vectors).
"""

import math

import torch
from torch import Tensor, nn

from lshmoe.drawn import DrawnBuffers
from lshmoe.seeding import device_of, generator

ROTATIONS = ("orthogonal", "gaussian", "hd3")


def haar_orthogonal(gen: torch.Generator | None, *shape: int) -> Tensor:
    """Draw Haar-distributed matrices ``[..., n, m]`` (n >= m) with orthonormal columns, float32."""
    q, r = torch.linalg.qr(torch.randn(*shape, generator=gen, device=device_of(gen), dtype=torch.float64))
    # Without the sign of R's diagonal, QR of a Gaussian matrix is not Haar distributed.
    rotation: Tensor = q * torch.diagonal(r, dim1=-2, dim2=-1).sign()[..., None, :]
    return rotation.float()


class DenseRotation(DrawnBuffers):
    """H independent projections as one matrix product: rows ``[R, D]`` → ``[R, H, P]``."""

    def __init__(self, dim: int, num_hashes: int, coordinates: int, kind: str, seed: int) -> None:
        super().__init__()
        self.dim, self.kind, self.seed = dim, kind, seed
        self.shape = (num_hashes, coordinates)
        self.matrix: Tensor
        self.register_drawn()

    def draw(self) -> dict[str, Tensor]:
        """``[D, H·P]``: the matrices side by side."""
        gen, (num_hashes, coordinates) = generator(self.seed, "rotation", self.kind), self.shape
        if self.kind == "orthogonal":
            matrix_HDP = haar_orthogonal(gen, num_hashes, self.dim, coordinates)
        else:
            matrix_HDP = torch.randn(num_hashes, self.dim, coordinates, generator=gen, device=device_of(gen))
        return {"matrix": matrix_HDP.permute(1, 0, 2).reshape(self.dim, -1).contiguous()}

    def forward(self, rows_RD: Tensor) -> Tensor:
        """Rotate rows ``[R, D]`` to ``[R, H, P]``."""
        self.draw_where(rows_RD)
        return torch.unflatten(rows_RD @ self.matrix.to(rows_RD.dtype), -1, self.shape)


class SharedRotation(DrawnBuffers):
    """One dense Haar rotation shared by H hashes, each adding its own permutation and block-orthogonal round.

    Costs ``2·D²`` operations per row instead of ``2·H·D²``. A block of hash h mixes coordinates that lie in as many
    blocks of any other hash, so a coordinate of one hash spreads over about b² coordinates of another, 1/b of it to
    each, for blocks of b: joint collisions cannot be told from those of independent rotations from b = 16 on.
    """

    def __init__(self, dim: int, num_hashes: int, block: int, seed: int) -> None:
        super().__init__()
        self.dim, self.num_hashes, self.block, self.seed = dim, num_hashes, block, seed
        self.shared: Tensor
        self.permutation: Tensor
        self.blocks: Tensor
        self.register_drawn()

    def draw(self) -> dict[str, Tensor]:
        """The shared rotation ``[D, D]``; of each hash a permutation ``[H, D]`` and blocks ``[H, D / block, …]``."""
        gen, dim, block = generator(self.seed, "rotation", "shared"), self.dim, self.block
        shared = haar_orthogonal(gen, dim, dim)
        orders = [torch.randperm(dim, generator=gen, device=device_of(gen)) for _ in range(self.num_hashes)]
        blocks = haar_orthogonal(gen, self.num_hashes, dim // block, block, block)
        return {"shared": shared, "permutation": torch.stack(orders), "blocks": blocks}

    def forward(self, rows_RD: Tensor) -> Tensor:
        """Rotate rows ``[R, D]`` to ``[R, H, D / block, block]``, a view of memory laid out with rows last."""
        self.draw_where(rows_RD)
        num_hashes, num_blocks, block, _ = self.blocks.shape
        turned_DR = self.shared.to(rows_RD.dtype) @ rows_RD.T
        # Coordinates are permuted while each is a contiguous row: a plain block copy.
        permuted = turned_DR.index_select(0, self.permutation.flatten()).view(num_hashes * num_blocks, block, -1)
        mixed = torch.bmm(self.blocks.to(rows_RD.dtype).flatten(0, 1), permuted)
        return torch.unflatten(mixed, 0, (num_hashes, num_blocks)).movedim(-1, 0)


class HadamardRotation(DrawnBuffers):
    """Pseudo-random rotation of ``rounds`` sign flips and Walsh–Hadamard transforms; D is padded to a power of two."""

    def __init__(self, dim: int, num_hashes: int, coordinates: int, seed: int, rounds: int = 3) -> None:
        super().__init__()
        self.num_hashes, self.coordinates, self.seed, self.rounds = num_hashes, coordinates, seed, rounds
        self.padded = 1 << max(1, math.ceil(math.log2(dim)))
        self.signs: Tensor
        self.left: Tensor
        self.right: Tensor
        self.register_drawn()

    def draw(self) -> dict[str, Tensor]:
        """Signs ``[rounds, H, padded D]`` and two factors of the Hadamard matrix."""
        gen = generator(self.seed, "rotation", "hadamard")
        shape = (self.rounds, self.num_hashes, self.padded)
        signs = torch.randint(0, 2, shape, generator=gen, device=device_of(gen)) * 2 - 1
        # H of size 2^(a+b) is the Kronecker product of two smaller ones: two matrix products, no butterfly.
        bits = self.padded.bit_length() - 1
        left, right = (_hadamard(size).to(signs.device) for size in (bits // 2, bits - bits // 2))
        return {"signs": signs.float(), "left": left, "right": right}

    def forward(self, rows_RD: Tensor) -> Tensor:
        """Rotate rows ``[R, D]`` to ``[R, H, P]``."""
        self.draw_where(rows_RD)
        left, right = self.left.to(rows_RD.dtype), self.right.to(rows_RD.dtype)
        grid = (left.shape[0], right.shape[0])
        values = nn.functional.pad(rows_RD, (0, self.padded - rows_RD.shape[1]))[:, None]
        for signs_HD in self.signs.to(rows_RD.dtype):
            values = (left @ torch.unflatten(values * signs_HD, -1, grid) @ right).flatten(-2)
        return values[..., : self.coordinates]


def make_rotation(kind: str, dim: int, num_hashes: int, coordinates: int, seed: int) -> nn.Module:
    """Choose the cheapest rotation of a family that keeps ``coordinates`` of ``dim`` coordinates for every hash.

    Raises:
        ValueError: if ``kind`` is unknown.
    """
    if kind not in ROTATIONS:
        raise ValueError(f"rotation: {kind!r} is unknown; choose from {', '.join(ROTATIONS)}")
    if kind == "hd3":
        return HadamardRotation(dim, num_hashes, coordinates, seed)
    block = _largest_divisor(dim, at_most=16)
    if kind == "orthogonal" and coordinates == dim and num_hashes > 1 and block >= 8:
        return SharedRotation(dim, num_hashes, block, seed)
    return DenseRotation(dim, num_hashes, coordinates, kind, seed)


def _largest_divisor(number: int, at_most: int) -> int:
    return next(divisor for divisor in range(min(number, at_most), 0, -1) if number % divisor == 0)


def _hadamard(bits: int) -> Tensor:
    matrix = torch.ones(1, 1)
    for _ in range(bits):
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)]) / math.sqrt(2)
    return matrix
