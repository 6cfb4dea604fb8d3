"""One scale's records as tests of claims ask for them; whatever is missing or at fault settles the claim."""

import csv
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import pandas as pd

from suite.analysis.audit import audit_rows
from suite.analysis.convergence import own_link
from suite.analysis.rows import Row
from suite.claims.finding import INVALID, Finding, Settled, nothing
from suite.claims.ledger import Place
from suite.config.paper.published import published
from suite.records.evidence import Invalid, Run, Speed, read_evidence
from suite.records.opened import note


class Bench:
    """Records below ``folder``, ``results/<scale>``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.evidence = read_evidence(folder)
        self._runs: dict[tuple[str, str, str], list[Run]] = {}
        for run in self.evidence.runs:
            self._runs.setdefault((run.model, run.task, run.method), []).append(run)

    def runs(self, cell: Place, method: str) -> list[Run]:
        """All seeds of a method, ordered.

        Raises:
            Settled: there is none, or one is at fault.
        """
        wanted = (cell.model, cell.task, method)
        self._refuse([r for r in self.evidence.invalid_runs if (r.model, r.task, r.method) == wanted])
        if wanted not in self._runs:
            raise nothing()
        return sorted(self._runs[wanted], key=lambda run: run.seed)

    def speed(self, cell: Place, *methods: str) -> Speed:
        """The paired measurement on the cell's link, by default the one that resembles the model's own cluster.

        Raises:
            Settled: there is none, it is at fault, or it lacks one of ``methods``.
        """
        task = cell.timed or cell.task
        found = [speed for speed in self.evidence.speeds if (speed.model, speed.task) == (cell.model, task)]
        self._refuse([r for r in self.evidence.invalid_speeds if (r.model, r.task) == (cell.model, task)])
        if cell.link is None:
            speed = own_link(self.evidence, cell.model, task)
        else:
            speed = next((speed for speed in found if speed.cluster == cell.link), None)
        if speed is None or not set(methods) <= set(speed.blocks["method"]):
            raise nothing()
        return speed

    def trials(self, study: str) -> pd.DataFrame:
        """Finished trials of a study, one row each; empty cells are missing values.

        Raises:
            Settled: there is no such study, or none of its trials has finished.
        """
        path = self.folder / self.trials_path(study)
        if not path.exists():
            raise nothing()
        note(path)
        try:
            trials = pd.read_csv(path)
            finished = trials[trials["state"].str.lower() == "complete"]
        except (KeyError, ValueError) as error:
            reason = f"{path.name}: {str(error).splitlines()[0]}"
            raise Settled(Finding(INVALID, reason, evidence=[self.trials_path(study)])) from None
        if finished.empty:
            raise nothing()
        return finished

    @staticmethod
    def trials_path(study: str) -> str:
        """Relative to the scale's folder."""
        return f"sweeps/{study}/trials.csv"

    @cached_property
    def audit(self) -> list[Row]:
        """The paper against its own arithmetic."""
        return audit_rows(published())

    @cached_property
    def models(self) -> list[dict[str, str]]:
        """Rows of ``tables/models.csv``, which takes longer to compile than all claims.

        Raises:
            Settled: it was not compiled.
        """
        path = self.folder / "tables/models.csv"
        if not path.exists():
            raise nothing("no tables/models.csv: python -m suite.tables.models compiles it")
        note(path)
        return list(csv.DictReader(path.read_text().splitlines()))

    def paths(self, *records: Run | Speed | Invalid) -> list[str]:
        """Records relative to the scale's folder; of a run, its summary."""
        paths = [record.path / "summary.json" if isinstance(record, Run) else record.path for record in records]
        return sorted({str(path.relative_to(self.folder)) for path in paths})

    def _refuse(self, faults: Sequence[Invalid]) -> None:
        if faults:
            reason = "; ".join(sorted({record.reason for record in faults}))
            raise Settled(Finding(INVALID, reason, evidence=self.paths(*faults)))
