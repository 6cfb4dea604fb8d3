"""Exact collision probabilities of one hash function, by quadrature and in closed form."""

import math

import numpy as np
from scipy.stats import multivariate_normal


def cross_polytope_collision(coordinates: int, degrees: float) -> float:
    """p = 2P ∬_{u,v>0} φ_ρ(u, v) · Pr(|U| ≤ u, |V| ≤ v)^(P-1) du dv, for a Gaussian projection to P coordinates."""
    rho = math.cos(math.radians(degrees))
    grid = np.linspace(-7, 7, 1401)
    step = grid[1] - grid[0]
    u, v = np.meshgrid(grid, grid, indexing="ij")
    density = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).pdf(np.stack([u, v], -1))
    corners = np.cumsum(np.cumsum(density, 0), 1) * step**2
    # The cumulative sum counts whole cells; shifting by half a cell makes it a midpoint rule.
    middle = len(grid) // 2
    plus = np.arange(middle, len(grid))
    minus = len(grid) - 1 - plus
    square = (
        corners[np.ix_(plus, plus)]
        - corners[np.ix_(minus, plus)]
        - corners[np.ix_(plus, minus)]
        + corners[np.ix_(minus, minus)]
    )
    weights = np.full(len(plus), step)
    weights[0] /= 2
    integrand = density[np.ix_(plus, plus)] * square.clip(0, 1) ** (coordinates - 1)
    return float(2 * coordinates * np.einsum("i,j,ij->", weights, weights, integrand))


def plane_collision(planes: int, degrees: float) -> float:
    """One hyperplane separates two rows with probability θ/π."""
    return float((1 - degrees / 180) ** planes)
