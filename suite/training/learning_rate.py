"""The learning rate of every step."""

import math

from suite.config.task import Optimizer


def learning_rate(options: Optimizer, step: int, steps: int) -> float:
    """Linear warm-up to the peak, then the schedule, whose last step (``steps - 1``) comes near ``final_fraction``.

    Args:
        options: peak, warm-up, schedule and final fraction.
        step: from 0.
        steps: of the whole run.
    """
    if step < options.warmup_steps:
        return options.learning_rate * (step + 1) / options.warmup_steps
    progress = (step - options.warmup_steps) / max(1, steps - options.warmup_steps)
    left = {"constant": 1.0, "linear": 1 - progress, "cosine": (1 + math.cos(math.pi * progress)) / 2}[options.schedule]
    floor = options.final_fraction
    return options.learning_rate * (floor + (1 - floor) * left)
