"""Worlds whose truth is known: how often each kind of interval and test is right there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from suite.analysis.estimate import Estimate
from suite.analysis.statistics import (
    DIFFERENT,
    EQUIVALENT,
    compare_paired,
    over_seeds,
    paired_ratio,
    ratio_over_sessions,
    ratio_with_common_factor,
)

Random = np.random.Generator


@dataclass(frozen=True)
class World:
    """An estimate of ``truth`` that a seeded draw gives."""

    name: str
    truth: float
    draw: Callable[[Random], Estimate | None]


def covered(world: World, draws: int) -> float:
    """Part of the draws whose interval holds the truth."""
    random = np.random.default_rng(0)
    hits = 0
    for _ in range(draws):
        estimate = world.draw(random)
        assert estimate is not None and estimate.low is not None and estimate.high is not None
        hits += estimate.low <= world.truth <= estimate.high
    return hits / draws


def _seeds(count: int) -> World:
    return World(f"mean over {count} seeds", 0.0, lambda random: over_seeds(list(random.normal(0, 1, count))))


def _rounds(count: int) -> World:
    def draw(random: Random) -> Estimate:
        drift = np.exp(np.cumsum(random.normal(0, 0.02, count)))  # of the machine, common to neighbours
        return paired_ratio(
            list(1.4 * drift * np.exp(random.normal(0, 0.02, count))),
            list(drift * np.exp(random.normal(0, 0.02, count))),
        )

    return World(f"speed-up over {count} rounds", 1.4, draw)


def _sessions(count: int, rounds: int) -> World:
    def draw(random: Random) -> Estimate:
        session = np.repeat(random.normal(0, 0.01, count), rounds)
        ratios = 1.4 * np.exp(session + random.normal(0, 0.02, count * rounds))
        return ratio_over_sessions(list(ratios), [1.0] * len(ratios), list(np.repeat(np.arange(count), rounds)))

    return World(f"speed-up over {count} sessions of {rounds} rounds", 1.4, draw)


def _times(seeds: int, sessions: int) -> World:
    speed = _sessions(sessions, 6)

    def draw(random: Random) -> Estimate | None:
        factor = speed.draw(random)
        assert factor is not None
        return ratio_with_common_factor(list(np.exp(random.normal(0, 0.1, seeds))), factor)

    return World(f"time to quality over {seeds} seeds and {sessions} sessions", 1.4, draw)


WORLDS = [
    *(_seeds(count) for count in (3, 6, 8, 10)),
    *(_rounds(count) for count in (4, 6, 20)),
    *(_sessions(count, 6) for count in (2, 4)),
    *(_times(seeds, 4) for seeds in (3, 8)),
]


def verdicts(
    difference: float, seeds: int, draws: int, margin: float = 1.0, deviation: float = 0.5
) -> dict[str, float]:
    """How often paired seeds that differ by ``difference`` are called equivalent and different."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(draws):
        comparison = compare_paired(list(random.normal(difference, deviation, seeds)), margin)
        assert comparison is not None
        found.append(comparison.verdict())
    return {word: found.count(word) / draws for word in (EQUIVALENT, DIFFERENT)}
