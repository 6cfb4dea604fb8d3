"""Step times of several methods, paired.

Writes ``<results>/<scale>/speed/<cluster>/<model>/<task>.json`` with every block's raw numbers, once all sessions are
over. A session has process groups and links of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.config.arguments import split_option
from suite.costmodel import paper
from suite.costmodel.targets import kappa_target
from suite.errors import UserError
from suite.files import write_atomically
from suite.measurement.contestants import Contestants, cells, configurations
from suite.records.reading import read_record
from suite.records.schema.base import as_json
from suite.records.schema.speed import SpeedRecord


@dataclass(frozen=True)
class Plan(Contestants):
    """What to measure.

    Attributes:
        shares: of all-to-all in vanilla's step, one link each, by the link's label: "30" or a target's name.
        session: which of the scale's sessions the ranks are to measure.
    """

    shares: dict[str, float]
    session: int

    def part(self, session: int) -> Path:
        """Where the ranks of a session leave what they measured."""
        return self.scratch / f"session{session}.json"


def parse(arguments: Sequence[str]) -> Plan:
    """The plan for Hydra overrides, ``methods=[a,b]`` and ``shares=[0.3,gpt_moe_a100_4x8]``; by default the matrix's.

    A share is a number, or a name of :mod:`suite.costmodel.targets`: the model on a cluster, by data sheets.

    A method whose run of that seed is on record is measured with the settings of that run. A control is measured at the
    last rate of its schedule, because the weights are those of the last step.

    Raises:
        UserError: for bad input, in one line.
    """
    shares, words = split_option("shares", arguments)
    session, overrides = split_option("session", words)
    configs = configurations(overrides)
    base = configs[0]
    if shares is None:
        shares = [str(share) for cell in cells(base) for share in cell.shares]
    folder = base.results / base.scale.name / "speed" / base.cluster.name / base.model.name
    number = int(session[0]) if session else 0
    return Plan(configs, folder / f"{base.task.name}.json", dict(map(_share, shares)), number)


def _share(text: str) -> tuple[str, float]:
    """A link's label and its share of all-to-all."""
    try:
        share = float(text)
    except ValueError:
        return text, paper.share(kappa_target(text).kappa)
    if not 0 < share < 1:
        raise UserError(f"shares: {text!r} is no share of all-to-all in a step; allowed: numbers between 0 and 1")
    return f"{100 * share:g}", share


def measure(arguments: Sequence[str]) -> None:
    """Validate, prepare the data, and measure under torchrun, once for every session.

    Raises:
        UserError: for bad input, before any rank starts.
        RunError: with the reason the ranks failed for.
    """
    plan = parse(arguments)
    if plan.shares and plan.vanilla.cluster.network not in ("lab", "paced") and split_option("shares", arguments)[0]:
        raise UserError("shares: only links of cluster=lab can be slowed down")
    if plan.vanilla.scale.measurement.blocks < 2:
        raise UserError("scale.measurement.blocks: an interval needs at least 2")
    if not plan.vanilla.training.steps:
        raise UserError(f"task: {plan.vanilla.task.name} only evaluates; step times are those of a task that trains")
    parts = []
    for session in range(plan.vanilla.scale.measurement.sessions):
        plan.compare("suite.measurement.speed_worker", [*arguments, f"session={session}"])
        parts.append(read_record(plan.part(session), SpeedRecord))
    links = [link.model_copy(update={"session": number}) for number, part in enumerate(parts) for link in part.links]
    write_atomically(plan.record, as_json(parts[0].model_copy(update={"links": links})))
    for session in range(len(parts)):
        plan.part(session).unlink()
