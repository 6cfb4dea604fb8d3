"""Separate streams of randomness, each derived from a run's one root seed, or from the root it is given alone.

:meth:`suite.config.run.RunConfig.root_seed` says which.
"""

from lshmoe.seeding import derive_seed


def model_seed(root: int) -> int:
    """Initial weights: dense ones, gates and experts."""
    return derive_seed(root, "model")


def data_seed(root: int) -> int:
    """Order of the training data."""
    return derive_seed(root, "data")


def hash_seed(root: int) -> int:
    """Whatever a method draws: rotations, random clusters, stochastic rounding."""
    return derive_seed(root, "hash")
