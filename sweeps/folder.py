"""The folder of a study's files."""

from pathlib import Path

import yaml

from suite.config.validation import parse_options
from suite.errors import UserError
from suite.files import write_atomically
from sweeps.study import Study


class StudyFolder:
    """``results/<scale>/sweeps/<study>``.

    Attributes:
        study: ``study.yaml``, as validated.
        database: ``study.db``, unless the study is stored elsewhere.
        trials: ``trials/<number>/<scale>/runs/…``, an ordinary run each, and ``trials/<number>/trial.json`` beside it.
        confirmation: ``confirmation/<setting>/<scale>/runs/…``, ordinary runs as well.
        figures: drawn by the study's report, which also writes tables and ``report.md`` here.
    """

    def __init__(self, results: Path, scale: str, name: str) -> None:
        self.results, self.scale = results, scale
        self.path = results / scale / "sweeps" / name
        self.study = self.path / "study.yaml"
        self.database = self.path / "study.db"
        self.trials = self.path / "trials"
        self.confirmation = self.path / "confirmation"
        self.figures = self.path / "figures"

    def write_study(self, study: Study) -> None:
        """Write ``study.yaml``.

        Raises:
            UserError: the folder holds a study with other settings, or cannot be written.
        """
        if self.study.exists() and self.read_study() != study:
            raise UserError(
                f"study: {self.path} was created with other settings; "
                "give the changed study a name of its own, or remove that folder"
            )
        try:
            write_atomically(self.study, yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False))
        except OSError as error:
            raise UserError(f"results: {self.path} cannot be written ({error.strerror})") from None

    def read_study(self) -> Study:
        """The study that was created here.

        Raises:
            UserError: there is none.
        """
        if not self.study.exists():
            raise UserError(
                f"study: {self.path} holds no study; create it first: lshmoe-bench study create study={self.path.name} "
                f"scale={self.scale}"
            )
        return parse_options("study.yaml", Study, yaml.safe_load(self.study.read_text()))
