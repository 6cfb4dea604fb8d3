"""Checks of a run before any rank starts."""

from collections.abc import Callable
from typing import Any

from suite.cluster.lab import permission
from suite.config.compose import compose
from suite.config.run import RunConfig
from suite.config.task import StartsFromWeights
from suite.config.validation import from_yaml
from suite.data.fetch import cache_directory
from suite.data.pretrained import trained_model
from suite.errors import UserError
from suite.loading import load_object
from suite.records.run_folder import RunFolder
from suite.records.schema.data import DataSource
from suite.tasks import build_task
from suite.tasks.task import Task
from suite.training.methods import check_method


def check(config: RunConfig) -> None:
    """Build method and task once in this process, and check that the model serves the task's objective.

    Raises:
        UserError: one line naming the field and the allowed values.
    """
    check_method(config)
    if config.cluster.network == "lab":
        permission.entry()
    task = build_task(config)
    objectives = load_object("model.host", f"{config.model.host}.OBJECTIVES")
    if task.objective not in objectives:
        raise UserError(
            f"task: {config.task.name!r} needs a model for {task.objective}; {config.model.name!r} is one for: "
            f"{', '.join(objectives)}"
        )


def starting_point(config: RunConfig) -> RunFolder | None:
    """The folder of the finished run whose weights this one starts from; ``None`` if it starts from none.

    Raises:
        UserError: if that run is not there or not finished, with the command that makes it.
    """
    start = config.task.starts_from
    if start is None or isinstance(start, StartsFromWeights):
        return None
    method = config.method.name if start.method == "own" else start.method
    names = [f"model={config.model.name}", f"task={start.task}", f"method={method}", f"scale={config.scale.name}"]
    seed = config.seed if config.origin.seed is None else config.origin.seed
    results = config.origin.results or config.results
    earlier = compose([*names, f"seed={seed}", f"results='{results}'"])
    folder = RunFolder.of(earlier)
    if not folder.is_complete():
        raise UserError(
            f"task.starts_from: {folder.path} holds no finished run to start from; make it by: "
            f"lshmoe-bench train {' '.join(names)} seed={seed}"
        )
    return folder


def of_host(config: RunConfig, function: str) -> Callable[..., Any]:
    """A function of the host by which it starts from a trained model's weights.

    Raises:
        UserError: the host has no way to take them.
    """
    try:
        found: Callable[..., Any] = load_object("model.host", f"{config.model.host}.{function}")
    except UserError:
        raise UserError(
            f"task.starts_from.weights: {config.model.name} cannot take a trained model's weights; take model=bert_moe"
        ) from None
    return found


def check_start(config: RunConfig, task: Task) -> None:
    """Check that the weights to start from fit: the model's shape, tokenizer and context. The data must be prepared.

    Raises:
        UserError: one line naming what differs and the remedy.
    """
    start = config.task.starts_from
    if isinstance(start, StartsFromWeights):
        trained = trained_model(start.weights, cache_directory())
        trained.check_tensors()
        of_host(config, "check_weights")(trained.config(), config.size, task.inputs)
        return
    folder = starting_point(config)
    if folder is None:
        return
    earlier = from_yaml(folder.config.read_text()).training.inputs
    for name in {"context", "vocabulary"} & earlier.keys() & config.training.inputs.keys():
        if config.training.inputs[name] != earlier[name]:
            raise UserError(
                f"task.training.{config.scale.name}.inputs.{name}: {config.training.inputs[name]}, but {folder.path} "
                f"was trained with {earlier[name]}; set it to that"
            )
    own = [DataSource.model_validate(entry) for entry in task.data_record()]
    if _tokenizers(own) != _tokenizers(folder.read_summary().data):
        raise UserError(
            f"task.starts_from: {folder.path} was trained with another tokenizer than that of {config.task.name}; "
            "give both tasks the same text sources, or train it anew"
        )


def _tokenizers(data: list[DataSource]) -> set[str]:
    """SHA-256 of the tokenizers that data were prepared with; empty for images."""
    return {digest for entry in data if (digest := entry.tokenizer_sha256) is not None}
