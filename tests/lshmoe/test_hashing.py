"""Hash codes and their collision probabilities against the exact ones."""

import math

import pytest
import torch

from lshmoe import CrossPolytopeHash, SphericalPlaneHash, cross_polytope_codes
from lshmoe.hashing import _blocked_cross_polytope_codes
from lshmoe.rotations import HadamardRotation, SharedRotation
from tests.lshmoe.collision_oracle import cross_polytope_collision, plane_collision


def pairs(num: int, dim: int, degrees: float) -> tuple[torch.Tensor, torch.Tensor]:
    """``num`` random pairs of unit rows at one angle."""
    gen = torch.Generator().manual_seed(1)
    a = torch.nn.functional.normalize(torch.randn(num, dim, generator=gen), dim=1)
    b = torch.randn(num, dim, generator=gen)
    b = torch.nn.functional.normalize(b - (a * b).sum(1, keepdim=True) * a, dim=1)
    angle = math.radians(degrees)
    return a, math.cos(angle) * a + math.sin(angle) * b


def collisions(hash: torch.nn.Module, num: int, degrees: float) -> torch.Tensor:
    a, b = pairs(num, hash.dim, degrees)
    return hash(a) == hash(b)


@pytest.mark.parametrize(("degrees", "expected"), [(30, 0.489), (45, 0.307), (60, 0.173), (90, 1 / 32)])
def test_the_oracle_reproduces_known_values(degrees, expected):
    assert cross_polytope_collision(16, degrees) == pytest.approx(expected, abs=1.5e-3)


def test_the_oracle_reproduces_the_closed_form_of_two_coordinates():
    assert cross_polytope_collision(2, 60) == pytest.approx((1 - 60 / 180) ** 2, abs=5e-3)


@pytest.mark.parametrize("rotation", ["orthogonal", "gaussian", "hd3"])
@pytest.mark.parametrize("degrees", [30, 60])
def test_cross_polytope_collisions_match_the_exact_probability(rotation, degrees):
    # Haar and HD3 rows of a much wider space are Gaussian up to O(P/D).
    hash = CrossPolytopeHash(512, num_hashes=64, coordinates=16, rotation=rotation)
    assert collisions(hash, 500, degrees).float().mean().item() == pytest.approx(
        cross_polytope_collision(16, degrees), abs=0.02
    )


@pytest.mark.parametrize("planes", [1, 3])
def test_plane_collisions_match_the_exact_probability(planes):
    hash = SphericalPlaneHash(64, num_hashes=64, planes=planes)
    assert collisions(hash, 500, 40).float().mean().item() == pytest.approx(plane_collision(planes, 40), abs=0.02)
    assert hash.buckets_per_hash == 2**planes


def test_a_full_orthogonal_rotation_of_the_plane_has_its_own_law():
    hash = CrossPolytopeHash(2, num_hashes=4000, coordinates=2)
    assert collisions(hash, 10, 30).float().mean().item() == pytest.approx(1 - 2 * 30 / 180, abs=0.03)


def test_hashes_of_the_shared_rotation_are_jointly_independent():
    joint, single = [], []
    for seed in range(12):
        hash = CrossPolytopeHash(256, num_hashes=6, coordinates=256, seed=seed)
        assert isinstance(hash.rotation, SharedRotation)
        same = collisions(hash, 1000, 25).float()
        single.append(same.mean())
        joint.append((same.T @ same / len(same))[~torch.eye(6, dtype=torch.bool)].mean())
    p = torch.stack(single).mean().item()
    assert p == pytest.approx(cross_polytope_collision(256, 25), abs=0.02)
    assert torch.stack(joint).mean().item() == pytest.approx(p**2, abs=0.012)


def test_the_shared_rotation_is_a_rotation_for_every_hash():
    rotation = SharedRotation(96, num_hashes=3, block=32, seed=0)
    rows = torch.randn(5, 96)
    turned = rotation(rows).flatten(2)
    for h in range(3):
        torch.testing.assert_close(turned[:, h] @ turned[:, h].T, rows @ rows.T, rtol=1e-4, atol=1e-4)


def sparse_pair_collisions(rounds: int) -> float:
    angle = math.radians(45)
    rows = torch.zeros(2, 256)
    rows[0, 0] = 1
    rows[1, 0], rows[1, 1] = math.cos(angle), math.sin(angle)
    same = []
    for seed in range(10):
        a, b = cross_polytope_codes(HadamardRotation(256, 200, 16, seed, rounds)(rows))
        same.append((a == b).float().mean())
    return torch.stack(same).mean().item()


def test_three_hadamard_rounds_pass_on_sparse_rows_and_fewer_fail():
    exact = cross_polytope_collision(16, 45)
    assert sparse_pair_collisions(3) == pytest.approx(exact, abs=0.04)
    assert abs(sparse_pair_collisions(1) - exact) > 0.05
    assert abs(sparse_pair_collisions(2) - exact) > 0.05


@pytest.mark.parametrize(
    ("row", "code"),
    [([0, 3, -1], 1), ([0, -3, 1], 4), ([2, -2, 2], 0), ([-2, 2, 2], 3), ([0, 0, 0], 3)],
)
def test_code_is_the_first_coordinate_of_largest_magnitude_and_its_sign(row, code):
    assert cross_polytope_codes(torch.tensor(row, dtype=torch.float32)).item() == code


def test_blocked_codes_equal_plain_codes_with_ties_and_zeros():
    values = torch.randint(-3, 4, (500, 4, 8), generator=torch.Generator().manual_seed(0)).float()
    values[:5] = 0
    torch.testing.assert_close(_blocked_cross_polytope_codes(values), cross_polytope_codes(values.flatten(1)))


@pytest.mark.parametrize("hash", [CrossPolytopeHash(32), CrossPolytopeHash(64, 2, 64), SphericalPlaneHash(32, 3, 2)])
def test_codes_ignore_norms_are_repeatable_and_in_range(hash):
    rows = torch.randn(100, hash.dim)
    scale = torch.exp2(torch.randint(-8, 8, (100, 1)).float())
    codes = hash(rows)
    assert codes.dtype == torch.int64
    assert codes.shape == (100, hash.num_hashes)
    assert codes.min() >= 0
    assert codes.max() < hash.buckets_per_hash
    torch.testing.assert_close(hash(rows * scale), codes)
    assert hash(rows[:0]).shape == (0, hash.num_hashes)


@pytest.mark.parametrize(
    ("options", "field"),
    [({"num_hashes": 0}, "num_hashes"), ({"coordinates": 9}, "coordinates"), ({"rotation": "x"}, "rotation")],
)
def test_bad_options_are_named(options, field):
    with pytest.raises(ValueError, match=field):
        CrossPolytopeHash(8, **options)
