"""Separate streams of randomness, each derived from its root seed (:meth:`suite.config.run.RunConfig.root_seed`)."""

from lshmoe.seeding import derive_seed


def model_seed(root: int) -> int:
    """Initial weights: dense ones, gates and experts."""
    return derive_seed(root, "model")


def data_seed(root: int) -> int:
    """Order of the training data."""
    return derive_seed(root, "data")


def hash_seed(root: int) -> int:
    """Everything that a method draws: rotations, random clusters, stochastic rounding."""
    return derive_seed(root, "hash")
