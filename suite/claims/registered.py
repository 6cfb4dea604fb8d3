"""The commit that fixed margin and number of seeds before a cell's runs."""

from suite.claims.bench import Bench
from suite.claims.ledger import Place
from suite.config.registration import EVIDENCE, registration
from suite.records.checkout import ROOT, git

NOT_REGISTERED = "not registered"


def registered(bench: Bench, place: Place, methods: tuple[str, ...]) -> str:
    """The commit that last changed ``suite/conf/evidence.yaml`` in the history that every run of a cell was made with.

    Runs name the commit of their code, so a registration in its history was there before the run was.

    Args:
        bench: the scale's records.
        place: the cell.
        methods: whose runs count.

    Returns:
        The commit, or why there is none.
    """
    if registration().contrast(bench.scale, place.model, place.task) is None:
        return NOT_REGISTERED
    runs = [run for method in methods for run in bench.trained(place, method)]
    if not runs:
        return "registered; no run yet"
    made_with = {run.summary.git_commit for run in runs}
    path = str(EVIDENCE.relative_to(ROOT))
    found = {git("log", "-1", "--format=%h", commit, "--", path) if commit else None for commit in made_with}
    if None in found or "" in found:
        return f"{NOT_REGISTERED} before every run, as far as this checkout knows"
    return ", ".join(sorted(str(commit) for commit in found))
