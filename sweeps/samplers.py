"""Optuna's samplers, seeded by trial, so that a trial's point does not depend on its worker."""

from collections.abc import Sequence

from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import Trial

from lshmoe.seeding import derive_seed
from sweeps.setting import Value
from sweeps.slots import SLOT
from sweeps.study import Range, Study

# Trials per generation; few, because trials are expensive.
_POPULATION = 12


def sampler(study: Study, trial: int) -> BaseSampler:
    """The study's sampler for one trial. The points of a grid are fixed, so its sampler is not used."""
    seed = derive_seed(study.seed, "sampler", trial) % 2**32
    startup = min(10, max(2, study.trial_count() // 3))
    if study.sampler == "tpe":
        return TPESampler(seed=seed, n_startup_trials=startup, multivariate=True, constant_liar=True)
    if study.sampler == "gp":
        return GPSampler(seed=seed, n_startup_trials=startup)
    if study.sampler == "nsga2":
        return NSGAIISampler(seed=seed, population_size=min(_POPULATION, startup + 2))
    return RandomSampler(seed=seed)


def suggest(study: Study, trial: Trial) -> dict[str, Value]:
    """The trial's point: drawn from the space, or the fixed one of a grid."""
    if study.sampler == "grid":
        points = study.points()
        # Optuna needs all values of a parameter at every call.
        values = {
            name: list(dict.fromkeys(point[name] for point in points if name in point))
            for name in points[trial.user_attrs[SLOT]]
        }
        return {name: _choose(trial, name, choices) for name, choices in values.items()}
    return {
        name: trial.suggest_int(name, values.low, values.high)
        if isinstance(values, Range)
        else _choose(trial, name, values)
        for name, values in study.space.items()
    }


def _choose(trial: Trial, name: str, values: Sequence[Value]) -> Value:
    chosen = trial.suggest_categorical(name, values)
    assert chosen is not None  # as none of the values is
    return chosen
