"""Paired rounds on several links in turn: the open one, and one for every wanted share of all-to-all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median

from lshmoe.seeding import derive_seed
from suite.cluster.lab.fit import FIT_SECONDS
from suite.cluster.lab.link import Link
from suite.config.run import RunConfig
from suite.costmodel.paper import kappa
from suite.measurement.blocks import measure_block, run_round
from suite.measurement.link_rate import AIM, KappaMissed, ReferenceStep, approach, corrected, require_near
from suite.records.schema.block import Block, Fit, Fits
from suite.records.schema.speed import TimedLink
from suite.training.trainer import Trainer

# How often the links are set and measured before a kappa that is off ends the measurement.
ATTEMPTS = 4
# Brief rounds take a coarser aim: they are about as short as the search for the rate.
_BRIEF_AIM = 0.05
# Least number of steps over which the reference is timed.
_REFERENCE_STEPS = 4


@dataclass
class LinkSetting:
    """A link to measure on: the share it is set for, if any, and its nominal rate (``None``: open)."""

    name: str
    share: float | None = None
    rate_mbit: float | None = None


class PairedRounds:
    """Trainers that take turns, by method name.

    Args:
        config: gives the seed and the scale's measurement settings.
        trainers: warmed up; the first is the reference, by whose share links are set.
        brief: fit each link once, in half the time, before the rounds only.
    """

    def __init__(self, config: RunConfig, trainers: Mapping[str, Trainer], brief: bool = False) -> None:
        self.trainers, self.brief, self.reference = trainers, brief, next(iter(trainers))
        self.settings = config.scale.measurement
        self.seed = derive_seed(config.seed, "blocks")
        self.timed = 0

    def round(self, number: int, link: Link | None) -> list[Block]:
        return run_round(self.trainers, number, steps=self.settings.steps_per_block, seed=self.seed, link=link)

    def time_reference(self) -> list[Block]:
        """Time a few steps of the reference. Collective.

        They use the batches of the blocks, because the balance of experts depends on the batch. Each follows a step of
        another method, as in rounds, because a change of method makes a step slower.
        """
        blocks, steps = [], self.settings.steps_per_block
        others = [trainer for name, trainer in self.trainers.items() if name != self.reference]
        for _ in range(max(1, _REFERENCE_STEPS // steps)):
            first = self.timed % self.settings.blocks * steps
            if others:
                others[self.timed % len(others)].step(first)
            blocks.append(measure_block(self.trainers[self.reference], self.reference, range(first, first + steps)))
            self.timed += 1
        return blocks

    def reference_step(self, blocks: list[Block]) -> ReferenceStep:
        """Medians over blocks, as the tables compute them."""
        steps = self.settings.steps_per_block
        all_to_all = median(block.all_to_all for block in blocks) / steps
        return ReferenceStep(all_to_all, median(block.seconds for block in blocks) / steps - all_to_all)


def measure_links(
    config: RunConfig,
    shares: Mapping[str, float],
    trainers: Mapping[str, Trainer],
    link: Link | None,
    brief: bool = False,
) -> list[TimedLink]:
    """Measure on an open link and on one for every share. Collective.

    Every round visits all links, so that a drift of the machine's speed affects all of them alike.

    Args:
        config: the reference's, with the cluster, the seed and the rounds.
        shares: of all-to-all in the reference's step, by the label of the link: ``"30"``.
        trainers: by method name, warmed up, the reference first.
        link: the lab's. Without one, or with a single server, the network is measured as it is.
        brief: as for :class:`PairedRounds`.

    Raises:
        UserError: a share cannot be reached here.
        KappaMissed: a kappa was too far from its target in every attempt.
    """
    cluster, paired = config.cluster, PairedRounds(config, trainers, brief)
    servers = cluster.servers
    rounds = range(paired.settings.blocks)
    if link is None or servers == 1:
        blocks = [block for number in rounds for block in paired.round(number, link)]
        return [TimedLink(name=cluster.name, share=None, fit=None, blocks=blocks)]
    kind = cluster.name if link.transport == "shaped" else link.transport
    settings = [LinkSetting(f"{kind}_open")]
    settings += [LinkSetting(f"{kind}_{label}", share) for label, share in shares.items()]
    link.set_rate(None)
    timed = paired.time_reference()
    leaving = sum(block.inter_server_bytes for block in timed) / len(timed) / paired.settings.steps_per_block
    open_step = paired.reference_step(timed)
    for setting in settings[1:]:
        setting.rate_mbit = approach(
            link,
            kappa(setting.share or 0.0),
            open_step,
            leaving / servers,
            lambda: paired.reference_step(paired.time_reference()),
            _BRIEF_AIM if brief else AIM,
        )
    for attempt in range(ATTEMPTS):
        measured = in_turns(settings, paired, link)
        if not _correct_missed(settings, measured, paired, last=attempt + 1 == ATTEMPTS):
            break
    return measured


def _correct_missed(settings: list[LinkSetting], measured: list[TimedLink], paired: PairedRounds, last: bool) -> bool:
    """Correct the rate of every link whose measured kappa is too far from its target; returns whether there were any.

    Raises:
        KappaMissed: one is too far off, and this was the ``last`` attempt.
    """
    open_step, missed = paired.reference_step(measured[0].of(paired.reference)), False
    for setting, result in zip(settings[1:], measured[1:], strict=True):
        assert setting.share is not None and setting.rate_mbit is not None
        reached, target = paired.reference_step(result.of(paired.reference)), kappa(setting.share)
        try:
            require_near(reached.kappa, target)
        except KappaMissed:
            if last:
                raise
            missed = True
            setting.rate_mbit = corrected(setting.rate_mbit, target, reached, open_step)
    return missed


def in_turns(settings: list[LinkSetting], paired: PairedRounds, link: Link) -> list[TimedLink]:
    """Fit all links, measure rounds on them in turn, and fit again unless rounds are brief. Collective."""
    fits: dict[str, list[Fit]] = {setting.name: [] for setting in settings}
    blocks: dict[str, list[Block]] = {setting.name: [] for setting in settings}

    def fit() -> None:
        for setting in settings:
            link.set_rate(setting.rate_mbit)
            budget = FIT_SECONDS / 2 if paired.brief else FIT_SECONDS
            fits[setting.name].append(Fit.model_validate(asdict(link.fit(budget))))

    fit()
    for number in range(paired.settings.blocks):
        for setting in settings:
            link.set_rate(setting.rate_mbit)
            link.settle()
            blocks[setting.name] += paired.round(number, link)
    if not paired.brief:
        fit()
    return [
        TimedLink(
            name=setting.name,
            share=setting.share,
            fit=Fits(before=fits[setting.name][0], after=None if paired.brief else fits[setting.name][1]),
            blocks=blocks[setting.name],
        )
        for setting in settings
    ]
