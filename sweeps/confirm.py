"""The confirmation stage: ``python -m sweeps.confirm study=nano_hash scale=nano [candidate=trial3 seed=1]``.

The best of many trials is partly lucky. So the best setting at each target is trained again, with seeds that the study
has not used, beside vanilla with the same seeds. Only these runs count. Needs the tables of `sweeps.collect`.
"""

from suite.config.base import NonNegativeInt
from suite.errors import RunError, unknown
from suite.records.run_folder import RunFolder
from sweeps.candidates import Candidate, candidates, confirmation_overrides
from sweeps.folder import StudyFolder
from sweeps.options import Options, command, parse
from sweeps.study import Study
from sweeps.trial import TrialFailed, train_run


class ConfirmOptions(Options):
    """One candidate and one seed; by default, all of them."""

    candidate: str | None = None
    seed: NonNegativeInt | None = None


def confirm(study: Study, folder: StudyFolder, candidate: Candidate, seed: int) -> RunFolder:
    """Train a candidate with a fresh seed, or resume its run.

    Raises:
        RunError: the run failed; its record has the reason.
    """
    print(f"confirming {candidate.name} on {candidate.task}, seed {seed}", flush=True)
    try:
        return train_run(
            confirmation_overrides(study, candidate, seed), folder.confirmation / candidate.name, folder.results
        )
    except TrialFailed as error:
        raise RunError(str(error)) from error


def main(words: list[str]) -> None:
    """Confirm what is asked for."""
    options = parse(ConfirmOptions, words)
    study = options.folder.read_study()
    known = {candidate.name: candidate for candidate in candidates(study, options.folder)}
    if options.candidate is not None and options.candidate not in known:
        raise unknown("candidate", options.candidate, known)
    seeds = study.confirmation.seeds
    if options.seed is not None and options.seed not in seeds:
        raise unknown("seed", options.seed, seeds)
    for name in [options.candidate] if options.candidate else known:
        for seed in [options.seed] if options.seed is not None else seeds:
            confirm(study, options.folder, known[name], seed)


if __name__ == "__main__":
    command(main)
