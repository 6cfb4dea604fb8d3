"""One model on one task: a method beside the reference by quality, and whether the cell can tell bad from good."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suite.analysis.power import seeds_needed
from suite.analysis.quality import quality_differences
from suite.analysis.sensitivity import Control, bytes_of, control
from suite.claims.bench import Bench
from suite.claims.finding import INCONCLUSIVE, NOT_MEASURED, Finding, Power, Settled
from suite.claims.ledger import Place
from suite.config.registration import Contrast, registration
from suite.records.evidence import Run


@dataclass(frozen=True)
class Cell:
    """Runs of a method and of its reference, both trained.

    Attributes:
        method, reference: names.
        runs, theirs: their runs, ordered by seed.
        place: where.
        contrast: what was registered for the cell before its runs; None if nothing was.
    """

    bench: Bench
    place: Place
    method: str
    reference: str
    runs: Sequence[Run]
    theirs: Sequence[Run]
    contrast: Contrast | None

    @property
    def unit(self) -> float:
        """What turns a difference of quality into the claim's unit: points of a share, logarithms of a perplexity."""
        return 100.0 if self.theirs[0].summary.metric.higher_is_better else 1.0

    @property
    def margin(self) -> float:
        """The largest difference of quality that counts as none."""
        return registration().margin(self.theirs[0].metric)

    @property
    def evidence(self) -> list[str]:
        """The runs' summaries."""
        return self.bench.paths(*self.runs, *self.theirs)

    def differences(self) -> list[float]:
        """Quality less the reference's, one per seed that both have.

        Raises:
            Settled: there is no such seed.
        """
        found = quality_differences(self.runs, self.theirs)
        if not found:
            reason = f"{self.method} and {self.reference} have no seed in common"
            raise Settled(Finding(NOT_MEASURED, reason, evidence=self.evidence))
        return found

    def power(self, differences: Sequence[float]) -> Power:
        """Seeds that were run beside seeds that are needed, in the claim's unit."""
        asked = self.contrast.seeds if self.contrast else 2
        if len(differences) < 2:
            return Power(len(differences), asked if self.contrast else None, None)
        deviation = float(np.std(differences, ddof=1))
        needed = seeds_needed(deviation, self.margin, registration().power)
        return Power(len(differences), max(asked, needed), self.unit * deviation)

    def equal_bytes(self) -> bool:
        """Whether method and reference send as much."""
        mine, theirs = bytes_of(self.runs), bytes_of(self.theirs)
        if mine is None or theirs is None:
            return False
        return abs(mine - theirs) <= registration().bytes_tolerance * theirs

    def controls(self) -> list[Control]:
        """Every control that was trained here and is not the method itself."""
        found = []
        for name in registration().controls:
            if name != self.method and (runs := self.bench.trained(self.place, name)):
                found.append(control(name, runs, self.theirs, self.margin))
        return found

    def sensitive(self) -> tuple[bool, str]:
        """Whether a control is told apart from the reference, at the bytes of either side, and how each control did."""
        sides, tolerance = (bytes_of(self.runs), bytes_of(self.theirs)), registration().bytes_tolerance
        parts, told = [], False
        for one in self.controls():
            equal = any(one.sends_as_much_as(sent, tolerance) for sent in sides)
            told = told or (equal and one.told_apart())
            parts.append(self._text(one) + ("" if equal else ", at other bytes"))
        return told, "; ".join(parts) or "no control was run"

    def _text(self, one: Control) -> str:
        if one.comparison is None:
            return f"{one.method}: {one.seeds} seed in common"
        low, value, high = (
            f"{self.unit * number:+.3g}"
            for number in (
                one.comparison.difference.low,
                one.comparison.difference.value,
                one.comparison.difference.high,
            )
            if number is not None
        )
        return f"{one.method}: {value} [{low}, {high}], p = {one.comparison.p_different:.2g}"


def cell(bench: Bench, place: Place, method: str, reference: str) -> Cell:
    """The cell of a method.

    Raises:
        Settled: a side has no run or one that took no step, the reference learned nothing, or the bytes are not those
            that were registered.
    """
    runs, theirs = bench.runs(place, method), bench.runs(place, reference)
    contrast = registration().contrast(bench.scale, place.model, place.task)
    found = Cell(bench, place, method, reference, runs, theirs, contrast)
    _refuse_untrained(found)
    if contrast and method in registration().methods:
        _refuse_other_bytes(found)
    return found


def _refuse_untrained(found: Cell) -> None:
    idle = sorted({run.method for run in (*found.runs, *found.theirs) if not run.summary.steps})
    if idle:
        raise Settled(Finding(NOT_MEASURED, f"{' and '.join(idle)} took no training step", evidence=found.evidence))
    if any(not _learned(run) for run in found.theirs):
        trivial = found.theirs[0].summary.baseline.name
        reason = f"{found.reference} is no better than {trivial}: it learned nothing that a method could lose"
        raise Settled(Finding(INCONCLUSIVE, reason, evidence=found.evidence))


def _learned(run: Run) -> bool:
    last, trivial = float(run.evals[run.metric].iloc[-1]), run.summary.baseline.quality[run.metric]
    return last > trivial if run.summary.metric.higher_is_better else last < trivial


def _refuse_other_bytes(found: Cell) -> None:
    wanted, sent = registration().relative_bytes, bytes_of(found.runs)
    if sent is None or abs(sent - wanted) > registration().bytes_tolerance * wanted:
        shown = "nothing" if sent is None else f"{sent:.1%}"
        reason = f"{found.method} sends {shown} of the bytes of a 16-bit wire, and {wanted:.0%} was registered"
        raise Settled(Finding(INCONCLUSIVE, reason, evidence=found.evidence))
