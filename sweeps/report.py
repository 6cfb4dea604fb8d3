"""A study's report, from files alone.

Writes ``confirmation.csv``, ``report.md`` and ``figures/`` from the tables of `sweeps.collect` and the confirmations'
records.
"""

import pandas as pd
from tabulate import tabulate

from suite.errors import UserError
from suite.files import write_atomically
from sweeps.collect import write_table
from sweeps.confirmation import confirmation_frame
from sweeps.figures import CAPTIONS, draw
from sweeps.folder import StudyFolder
from sweeps.outcomes import parameters
from sweeps.study import Study
from sweeps.trial import higher_is_better

_TABLES = ("trials", "pareto", "importance", "best")


def report(folder: StudyFolder) -> None:
    """Write the report.

    Raises:
        UserError: no study here, or its tables are missing.
    """
    study = folder.read_study()
    missing = [name for name in _TABLES if not (folder.path / f"{name}.csv").exists()]
    if missing:
        remedy = f"lshmoe-bench study collect study={study.name}"
        raise UserError(f"study: {folder.path} lacks {', '.join(missing)}; write them: {remedy}")
    rises, tables = higher_is_better(study), read_tables(study, folder)
    write_table(folder, "confirmation", tables["confirmation"])
    draw(study, tables, rises, folder.figures)
    write_atomically(folder.path / "report.md", report_markdown(study, tables, rises))


def read_tables(study: Study, folder: StudyFolder) -> dict[str, pd.DataFrame]:
    """The tables of `sweeps.collect` as they were written, and ``confirmation`` from its records."""
    tables = {name: _read(folder, name) for name in _TABLES}
    return tables | {"confirmation": confirmation_frame(study, folder, tables["best"])}


def _read(folder: StudyFolder, name: str) -> pd.DataFrame:
    # As they were written: whole numbers stay whole, truth values stay words.
    table = pd.read_csv(folder.path / f"{name}.csv", dtype=object)
    numbers = ["number", "quality", "relative_bytes", "rate", "relative_step_time", "mean_step_seconds", "target"]
    for column in {*numbers, "importance", "attempts"} & set(table.columns):
        table[column] = pd.to_numeric(table[column])
    return table.astype({"number": "Int64"}) if "number" in table else table


def report_markdown(study: Study, tables: dict[str, pd.DataFrame], rises: bool) -> str:
    """The report as Markdown."""
    trials, confirmation = tables["trials"], tables["confirmation"]
    states = ", ".join(f"{count} {state}" for state, count in trials["state"].value_counts().items())
    limit = study.confirmation.target_of
    measured = ["quality", "relative_bytes", "rate"]
    if study.kappa is not None:
        measured.append("relative_step_time")
    shown = ["task", "number", *parameters(study), *measured]
    parts = [
        f"# Study {study.name}, scale {study.scale}",
        f"{study.summary[0].upper()}{study.summary[1:]}. Model {study.model}; sampler {study.sampler}; "
        f"{len(trials)} trials: {states}. Quality is the task's held-out metric, "
        f"{'higher' if rises else 'lower'} is better; `relative_bytes` are bytes on the wire over those of the same "
        "rows on a 16-bit wire; `rate` is rows sent over rows routed.",
        "## Pareto front",
        _table(tables["pareto"], shown),
        f"![front](figures/front.svg)\n\n{CAPTIONS['front']}",
        f"## Best within a target of {limit}",
        _table(tables["best"], ["task", "target", "number", *parameters(study), *measured]),
        "An empty row: no trial stays within. These are the best of many, and owe some of their lead to luck.",
        "## Confirmation with fresh seeds",
        _table(confirmation, [str(name) for name in confirmation.columns if name != "paths"])
        if len(confirmation)
        else "None was asked for, or no trial stayed within a target.",
        "`quality` is the mean over seeds that no trial saw, with a 95 % Student interval; `found_quality` is what the "
        "study had found; `over_vanilla` is the difference to vanilla with the same seeds.",
        "## Importance of parameters",
        _table(tables["importance"], list(tables["importance"].columns))
        if len(tables["importance"])
        else "Too few trials.",
        f"![importance](figures/importance.svg)\n\n{CAPTIONS['importance']}",
        "## History",
        f"![history](figures/history.svg)\n\n{CAPTIONS['history']}",
    ]
    faults = trials[trials["reason"].notna()]
    if len(faults):
        parts += ["## Trials without a result", _table(faults, ["number", "state", "reason"])]
    if study.kappa is not None:
        parts.append(
            f"`relative_step_time` is a step over vanilla's at kappa {study.kappa:g}, by the bound 1 − f(1−ρ): "
            "computed, not measured; latency, hashing and what experts save are left out."
        )
    return "\n\n".join(parts) + "\n"


def _table(frame: pd.DataFrame, columns: list[str]) -> str:
    shown = frame[columns].astype(object)
    shown = shown.where(shown.notna(), None)
    cells = [[_cell(value) for value in row] for row in shown.itertuples(index=False)]
    return tabulate(cells, columns, tablefmt="pipe", disable_numparse=True)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
