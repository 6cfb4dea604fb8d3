"""All-to-all's share of a step as cluster or model grow (Fig. 3).

Only the reference (:mod:`suite.config.reference`) is measured. The base's link is set so that all-to-alls take the
share that the paper reports for the model. Then the same link is measured with twice the experts, and with four servers
instead of two, each with as many tokens. Writes
``<results>/<scale>/shares/<cluster>/<model>.json``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.cluster.launch import launch
from suite.config.compose import compose
from suite.config.matrix import select
from suite.config.reference import PLAIN, reference_of
from suite.config.run import RunConfig
from suite.errors import UserError
from suite.files import write_atomically
from suite.records.schema.base import as_json
from suite.records.schema.shares import SharesRecord
from suite.records.schema.weights import Weights
from suite.tasks import build_task
from suite.training.check import check

# A share varies little from step to step, so a few steps are enough.
BRIEF = ("scale.measurement.warmup_steps=1", "scale.measurement.blocks=4", "scale.measurement.steps_per_block=1")


@dataclass(frozen=True)
class Series:
    """One model: ``base``, ``wide`` with twice the experts, ``doubled`` with twice the servers and tokens."""

    share: float
    base: RunConfig
    wide: RunConfig
    doubled: RunConfig

    @property
    def model(self) -> str:
        return self.base.model.name

    @property
    def folder(self) -> Path:
        return self.base.results / self.base.scale.name / "shares" / self.base.cluster.name

    @property
    def record(self) -> Path:
        return self.folder / f"{self.model}.json"


def parse(arguments: Sequence[str]) -> list[Series]:
    """The series of a scale's models, for Hydra overrides and ``models=[a,b]``.

    Raises:
        UserError: for bad input, in one line.
    """
    names = [text.removeprefix("models=") for text in arguments if text.startswith("models=")]
    overrides = [text for text in arguments if not text.startswith("models=")]
    scale = compose(overrides).scale
    matrix = select({"scale": scale.name} | ({"models": names[-1]} if names else {}))
    if not matrix.shares:
        raise UserError(
            f"models: none of scale {scale.name} is in Fig. 3 and measured on a link that can be slowed down; "
            "take scale=nano or scale=mini"
        )
    series = []
    for model, (task, share) in matrix.shares.items():
        own = [f"cluster={matrix.timed_on}", *overrides, *BRIEF, f"model={model}", f"task={task}"]
        own.append(f"method={reference_of(compose(own).training.precision)}")
        base = compose(own)
        wide = [*own, f"model.sizes.{scale.name}.experts={2 * base.size.experts}"]
        doubled = [
            *own,
            f"cluster.ranks={2 * base.cluster.ranks}",
            f"task.training.{scale.name}.batch_examples={2 * base.training.batch_examples}",
        ]
        series.append(Series(share, base, compose(wide), compose(doubled)))
    return series


def measure(arguments: Sequence[str]) -> None:
    """Validate, prepare the data, and measure: all bases and wide models in one launch, all doubled ones in another.

    Raises:
        UserError: for bad input, before any rank starts.
        RunError: with the reason the ranks failed for.
    """
    series = parse(arguments)
    cluster = series[0].base.cluster
    if cluster.network not in ("lab", "paced") or cluster.ranks == cluster.ranks_per_server:
        raise UserError("cluster: shares are measured on slow links between servers; write cluster=lab")
    for each in series:
        for config in (each.base, each.wide, each.doubled):
            check(config)
        build_task(each.base).prepare()
    scratch = series[0].folder / "ranks"
    try:
        scratch.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"results: {scratch} cannot be written ({error.strerror})") from None
    launch("suite.measurement.shares_worker", ["base", *arguments], cluster, scratch)
    launch("suite.measurement.shares_worker", ["doubled", *arguments], series[0].doubled.cluster, scratch)
    for each in series:
        messages = [scratch / f"{each.model}_{stage}.json" for stage in ("base", "doubled")]
        measured = [json.loads(message.read_text()) for message in messages]
        record = {
            "model": each.model,
            "task": each.base.task.name,
            "scale": each.base.scale.name,
            "cluster": each.base.cluster.name,
            "seed": each.base.seed,
            "target_share": each.share,
            "reference": each.base.method.name,
            "weights": Weights(method=PLAIN, seed=each.base.seed, step=0),
            "top_k": each.base.size.top_k,
            "steps_per_block": each.base.scale.measurement.steps_per_block,
            "slowdown": measured[1]["slowdown"],
            "variants": [variant for part in measured for variant in part["variants"]],
        }
        write_atomically(each.record, as_json(SharesRecord.model_validate(record)))
        for message in messages:  # they hold nominal rates, which are not recorded
            message.unlink()
        print(each.record)
