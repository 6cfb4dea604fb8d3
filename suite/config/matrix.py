"""The runs of a scale, and the filters of a command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from suite.config.compose import cluster_named, compose
from suite.config.conf import choices
from suite.config.paper.published import published
from suite.config.reference import refuse_twins
from suite.config.run import RunConfig
from suite.config.scale import Cell, ScaleConfig
from suite.config.task import StartsFrom
from suite.config.validation import validate
from suite.errors import UserError, unknown

FILTERS = ("models", "tasks", "methods", "seeds")
PLACES = ("cluster", "timed_on")
# Controls that send as many rows as another method: they take the rate of its finished run with the same seed.
RATE_OF = {"random": "lsh", "row_dropping": "lsh"}


@dataclass(frozen=True)
class RunKey:
    """One run; ``path`` is its folder below ``results/<scale>``."""

    model: str
    task: str
    method: str
    seed: int

    @property
    def path(self) -> str:
        return f"runs/{self.model}/{self.task}/{self.method}/seed{self.seed}"


@dataclass(frozen=True)
class Matrix:
    """The selected part of a scale's matrix: its runs, in the order of the scale's file.

    Attributes:
        scale: its name.
        runs: what is selected.
        timed: (model, task) of these whose step times are measured: those with training steps, unless the scale says
            otherwise.
        probed: (model, task) of these whose methods' errors are measured.
        shares: task and share by model, of those in ``timed`` that Fig. 3 shows and whose link can be slowed down.
        clusters: names of the clusters where runs train, by (model, task); all of the scale's.
        elsewhere: the cluster where all others train.
        timed_on: the cluster where step times are measured.
    """

    scale: str
    runs: tuple[RunKey, ...]
    timed: tuple[tuple[str, str], ...]
    probed: tuple[tuple[str, str], ...]
    shares: dict[str, tuple[str, float]]
    clusters: Mapping[tuple[str, str], str]
    elsewhere: str
    timed_on: str

    def cluster(self, model: str, task: str) -> str:
        """The cluster where a model trains on a task, also for runs outside the matrix that others start from."""
        return self.clusters.get((model, task)) or self.elsewhere


def select(options: Mapping[str, object]) -> Matrix:
    """The matrix of ``options["scale"]`` (default nano), narrowed by ``models``, ``tasks``, ``methods`` and ``seeds``.

    Models and tasks narrow the scale's matrix. Methods and seeds replace its lists, so that any configured method can
    be run beside the others without editing a file. Lists are written ``methods=lsh,int8``. ``cluster`` and
    ``timed_on`` replace the scale's clusters for training and timing. If the scale times runs where it trains them,
    ``cluster`` alone replaces both.

    Raises:
        UserError: an unknown option or value, a cluster that a model or a task does not go with, or filters that leave
            nothing.
    """
    known = ("scale", *FILTERS, *PLACES)
    for name in options:
        if name not in known:
            raise unknown("config", name, known)
    for name in PLACES:
        if name in options and options[name] not in choices("cluster"):
            raise unknown(name, options[name], choices("cluster"))
    scale = compose([f"scale={options.get('scale', 'nano')}"]).scale
    models = _choose("models", options, choices("model"), {cell.model for cell in scale.matrix})
    tasks = _choose("tasks", options, choices("task"), {cell.task for cell in scale.matrix})
    methods = _choose("methods", options, choices("method"), None)
    seeds = _seeds(options["seeds"]) if "seeds" in options else None
    wanted = (
        RunKey(cell.model, cell.task, method, seed)
        for cell in scale.matrix
        if cell.model in models and cell.task in tasks
        for method in methods or cell.methods
        for seed in seeds or cell.seeds or scale.seeds
    )
    runs = tuple(dict.fromkeys(wanted))  # cells that share a model and a task may name the same run
    if not runs:
        offered = ", ".join(f"{cell.model} on {cell.task}" for cell in scale.matrix)
        raise UserError(f"models, tasks: nothing of scale {scale.name} is left; it has: {offered}")
    _refuse_twins(runs, scale.name)
    return _matrix(scale, runs, options)


def _refuse_twins(runs: Sequence[RunKey], scale: str) -> None:
    for model, task in sorted({(run.model, run.task) for run in runs}):
        listed = [run.method for run in runs if (run.model, run.task) == (model, task)]
        refuse_twins(listed, _composed(model, task, scale).training.precision, f"methods of {model} on {task}")


def _matrix(scale: ScaleConfig, runs: tuple[RunKey, ...], options: Mapping[str, object]) -> Matrix:
    """What the selected runs bring along: where they train, and what is timed and probed of them."""
    selected = {(run.model, run.task) for run in runs}
    of_pair: dict[tuple[str, str], list[Cell]] = {}
    for cell in scale.matrix:
        of_pair.setdefault((cell.model, cell.task), []).append(cell)
    cells = {pair: cells_of[0] for pair, cells_of in of_pair.items()}
    elsewhere = str(options.get("cluster") or scale.cluster)
    clusters = {pair: elsewhere if "cluster" in options else cell.cluster or elsewhere for pair, cell in cells.items()}
    trained = {pair for pair in cells if pair in selected and _placed(*pair, scale.name, clusters[pair]).training.steps}
    follows = "cluster" in options and scale.timed_on == scale.cluster
    timed_on = str(options.get("timed_on") or (options["cluster"] if follows else scale.timed_on))
    timed = tuple(pair for pair in cells if pair in trained and any(cell.timed for cell in of_pair[pair]))
    slowed = cluster_named(timed_on).network in ("lab", "paced")
    shares = {
        cell.model: (cell.task, cell.shares[0])
        for cell in reversed(scale.matrix)  # a model's first cell is its own
        if slowed and cell.shares and (cell.model, cell.task) in timed and cell.model in published().shares
    }
    return Matrix(
        scale.name,
        runs,
        timed,
        tuple(pair for pair in cells if pair in selected and any(cell.probed for cell in of_pair[pair])),
        dict(sorted(shares.items())),
        clusters,
        elsewhere,
        timed_on,
    )


def pacemaker(run: RunKey) -> RunKey | None:
    """The run whose rate a control copies; ``None`` for other methods."""
    return replace(run, method=RATE_OF[run.method]) if run.method in RATE_OF else None


def origin(run: RunKey, scale: str) -> RunKey | None:
    """The run whose weights this one starts from; ``None`` if there is no such run."""
    start = _composed(run.model, run.task, scale).task.starts_from
    if not isinstance(start, StartsFrom):
        return None
    return replace(run, task=start.task, method=run.method if start.method == "own" else start.method)


@cache
def _composed(model: str, task: str, scale: str) -> RunConfig:
    return compose([f"model={model}", f"task={task}", f"scale={scale}"])


def _placed(model: str, task: str, scale: str, cluster: str) -> RunConfig:
    """The configuration on a cluster. An error carries a note that names model, task and cluster."""
    try:
        return validate(_composed(model, task, scale).model_dump() | {"cluster": cluster_named(cluster).model_dump()})
    except UserError as error:
        error.add_note(f"this is {model} on {task}, on cluster {cluster}")
        raise


def measurement(matrix: Matrix, model: str, task: str, results: Path) -> list[RunKey]:
    """Runs whose step times are measured together: those of the lowest seed, selected now or finished earlier.

    Ratios are paired within one measurement, so a method that is added later is measured again with all others.

    Args:
        matrix: what is selected.
        model: one of its models.
        task: one of its tasks.
        results: the scale's folder of results.
    """
    wanted = {run for run in matrix.runs if (run.model, run.task) == (model, task)}
    wanted |= {paced_by for run in wanted if (paced_by := pacemaker(run))}
    for summary in results.glob(f"runs/{model}/{task}/*/seed*/summary.json"):
        method, seed = summary.parts[-3], summary.parts[-2].removeprefix("seed")
        if method in choices("method"):
            wanted.add(RunKey(model, task, method, int(seed)))
    lowest = min(run.seed for run in wanted)
    return sorted((run for run in wanted if run.seed == lowest), key=lambda run: run.method)


def _values(given: object) -> list[str]:
    """``"a,b"``, ``["a", "b"]`` or ``0`` as a list of words."""
    parts = given if isinstance(given, list | tuple) else str(given).strip("[]").split(",")
    return [str(part).strip() for part in parts]


def _choose(
    name: str, options: Mapping[str, object], allowed: list[str], default: set[str] | None
) -> set[str] | list[str]:
    if name not in options:
        return default or set()
    values = _values(options[name])
    for value in values:
        if value not in allowed:
            raise unknown(name, value, allowed)
    return values


def _seeds(given: object) -> list[int]:
    values = _values(given)
    if not all(value.isdigit() for value in values):
        raise UserError(f"seeds: {','.join(values)!r} is not a list of whole numbers; write seeds=0 or seeds=0,1,2")
    return [int(value) for value in values]
