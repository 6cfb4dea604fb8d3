"""The same contest on one link after the other: the open one, then one for every wanted share of all-to-all."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lshmoe.seeding import derive_seed
from suite.costmodel.paper import kappa
from suite.lab.link import Link
from suite.loop import Trainer
from suite.measure import Plan
from suite.pairing import Block, measure_block, run_blocks
from suite.similarity import KappaMissed, VanillaStep, approach, require_near

# A link whose kappa comes out too far off is set and measured anew, but not for ever.
ATTEMPTS = 4
# Blocks that a look at vanilla's step takes.
_LOOK = 2


@dataclass(frozen=True)
class MeasuredLink:
    """Blocks of all methods on one link.

    Attributes:
        name: ``lab_open``, ``lab_30`` for a share of 30 %, ``paced_30`` if not real; else the cluster's name.
        share: of all-to-all in vanilla's step that the link was set for.
        fit: :class:`~suite.lab.fit.LinkFit`, ``before`` and ``after`` the blocks.
        blocks: in the order they were measured.
    """

    name: str
    share: float | None
    fit: dict[str, Any] | None
    blocks: list[Block]

    def of(self, method: str) -> list[Block]:
        """A method's blocks by round."""
        return sorted((block for block in self.blocks if block.method == method), key=lambda block: block.round)


class _Contest:
    """Trainers that take turns, as the plan says."""

    def __init__(self, plan: Plan, trainers: Mapping[str, Trainer], link: Link | None) -> None:
        self.trainers, self.link = trainers, link
        self.settings = plan.vanilla.scale.measurement
        self.seed = derive_seed(plan.vanilla.seed, "blocks")
        self.looks = 0

    def blocks(self) -> list[Block]:
        steps = self.settings.steps_per_block
        return list(run_blocks(self.trainers, rounds=self.settings.blocks, steps=steps, seed=self.seed, link=self.link))

    def look(self) -> VanillaStep:
        """A few steps of vanilla, on batches that the blocks see too: how evenly experts are loaded differs."""
        blocks, steps = [], self.settings.steps_per_block
        for _ in range(_LOOK):
            first = self.looks % self.settings.blocks * steps
            blocks.append(measure_block(self.trainers["vanilla"], "vanilla", range(first, first + steps)))
            self.looks += 1
        return self.vanilla_step(blocks)

    def vanilla_step(self, blocks: list[Block]) -> VanillaStep:
        """Its mean over blocks, in the same terms as the tables."""
        steps = len(blocks) * self.settings.steps_per_block
        all_to_all = sum(block.all_to_all for block in blocks) / steps
        return VanillaStep(all_to_all, sum(block.seconds for block in blocks) / steps - all_to_all)


def measure_links(plan: Plan, trainers: Mapping[str, Trainer], link: Link | None) -> Iterator[MeasuredLink]:
    """Measure on every link of the plan. Every rank of the default group must exhaust this.

    Args:
        plan: methods, shares and rounds.
        trainers: by method name, warmed up.
        link: the lab's; without one, or with one server alone, the network is measured as it is.

    Raises:
        UserError: a share cannot be reached here.
        KappaMissed: a kappa came out too far from its target every time.
    """
    cluster, contest = plan.vanilla.cluster, _Contest(plan, trainers, link)
    servers = cluster.servers
    if link is None or servers == 1:
        yield MeasuredLink(cluster.name, None, None, contest.blocks())
        return
    link.set_rate(None)
    kind = cluster.name if link.transport == "shaped" else link.transport
    opened = _fitted(f"{kind}_open", None, contest, link)
    yield opened
    vanilla = opened.of("vanilla")
    leaving = sum(b.inter_server_bytes for b in vanilla) / len(vanilla) / contest.settings.steps_per_block / servers
    for share in plan.shares:
        yield _slowed(share, contest, link, contest.vanilla_step(vanilla), leaving, f"{kind}_{100 * share:g}")


def _slowed(
    share: float, contest: _Contest, link: Link, open_step: VanillaStep, leaving: float, name: str
) -> MeasuredLink:
    aim = target = kappa(share)
    for attempt in range(ATTEMPTS):
        approach(link, aim, open_step, leaving, contest.look)
        measured = _fitted(name, share, contest, link)
        reached = contest.vanilla_step(measured.of("vanilla")).kappa
        try:
            require_near(reached, target)
        except KappaMissed:
            if attempt + 1 == ATTEMPTS:
                raise
            aim *= target / reached  # between other methods' blocks steps may take longer than in looks
        else:
            break
    return measured


def _fitted(name: str, share: float | None, contest: _Contest, link: Link) -> MeasuredLink:
    before = link.fit()
    blocks = contest.blocks()
    return MeasuredLink(name, share, {"before": asdict(before), "after": asdict(link.fit())}, blocks)
