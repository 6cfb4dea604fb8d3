"""One scale's records as tests of claims ask for them; whatever is missing or at fault settles the claim."""

import csv
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pandas as pd

from suite.analysis.audit import audit_rows
from suite.analysis.audit.row import AuditRow
from suite.analysis.convergence import own_link
from suite.analysis.rows import INVALID
from suite.claims.finding import Finding, Settled, nothing
from suite.claims.ledger import Absent, Place
from suite.config.paper.published import published
from suite.errors import unknown
from suite.records.evidence import Invalid, Run, Speed, read_evidence
from suite.records.opened import note


class Bench:
    """Records of ``scale`` below ``folder``, and the ledger's places at that scale by their names."""

    def __init__(self, folder: Path, scale: str, places: Mapping[str, Place | Absent]) -> None:
        self.folder = folder
        self.scale = scale
        self._places = places
        self.evidence = read_evidence(folder)
        self._runs: dict[tuple[str, str, str], list[Run]] = {}
        for run in self.evidence.runs:
            self._runs.setdefault((run.model, run.task, run.method), []).append(run)

    def place(self, name: str) -> Place | None:
        """A place of the ledger by its name; None where the scale cannot speak to it.

        Raises:
            UserError: there is no such place.
        """
        if name not in self._places:
            raise unknown("claims.places", name, self._places)
        found = self._places[name]
        return found if isinstance(found, Place) else None

    def runs(self, place: Place, method: str) -> list[Run]:
        """All seeds of a method, ordered.

        Raises:
            Settled: there is none, or one is at fault.
        """
        wanted = (place.model, place.task, method)
        self._refuse([r for r in self.evidence.invalid_runs if (r.model, r.task, r.method) == wanted])
        if wanted not in self._runs:
            raise nothing(f"no run of {method} at this scale")
        return sorted(self._runs[wanted], key=lambda run: run.seed)

    def trained(self, place: Place, method: str) -> list[Run]:
        """Seeds of a method that took steps, ordered; none where there is none.

        Raises:
            Settled: one is at fault.
        """
        known = (place.model, place.task, method)
        self._refuse([r for r in self.evidence.invalid_runs if (r.model, r.task, r.method) == known])
        return sorted((run for run in self._runs.get(known, []) if run.summary.steps), key=lambda run: run.seed)

    def speed(self, place: Place, *methods: str) -> Speed:
        """The paired measurement on the place's link, by default the one that resembles the model's own cluster.

        Raises:
            Settled: there is none, it is at fault, or it lacks one of ``methods``.
        """
        task = place.task
        found = [speed for speed in self.evidence.speeds if (speed.model, speed.task) == (place.model, task)]
        self._refuse([r for r in self.evidence.invalid_speeds if (r.model, r.task) == (place.model, task)])
        if place.link is None:
            speed = own_link(self.evidence, place.model, task)
        else:
            speed = next((speed for speed in found if speed.cluster == place.link), None)
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
    def audit(self) -> list[AuditRow]:
        """The paper against its own arithmetic."""
        return audit_rows(published())

    @cached_property
    def models(self) -> list[dict[str, str]]:
        """Rows of ``tables/models.csv``, which takes longer to compile than all claims.

        Raises:
            Settled: it was not compiled.
        """
        path = self.folder / "tables/models.csv"
        note(path)
        if not path.exists():
            raise nothing("no tables/models.csv: lshmoe-bench tables tables=models compiles it")
        return list(csv.DictReader(path.read_text().splitlines()))

    def paths(self, *records: Run | Speed | Invalid) -> list[str]:
        """Records relative to the scale's folder; of a run, its summary."""
        paths = [record.path / "summary.json" if isinstance(record, Run) else record.path for record in records]
        return sorted({str(path.relative_to(self.folder)) for path in paths})

    def _refuse(self, faults: Sequence[Invalid]) -> None:
        if faults:
            reason = "; ".join(sorted({record.reason for record in faults}))
            raise Settled(Finding(INVALID, reason, evidence=self.paths(*faults)))
