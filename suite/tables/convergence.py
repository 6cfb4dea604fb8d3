"""The convergence table of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.convergence import TARGET_SLACK, ConvergenceRow, convergence_rows
from suite.analysis.rows import AtFault, sound
from suite.config.registration import registration
from suite.records.evidence import read_evidence
from suite.tables.formatting import data_note, fault_notes, reference_note
from suite.tables.sheet import Sheet
from suite.tables.table import Table

CAPTION = (
    "Held-out quality after the last step, rate, bytes and the time to the reference's quality, by model, task and "
    "method. A method is as good as the reference where the test of equivalence says so, which takes several seeds, "
    "and pays where its time-to-target ratio lies above 1."
)
TABLE = Table(
    "convergence",
    ConvergenceRow,
    "one row per model, task and method",
    CAPTION,
    printed=(
        "model task method reference seed_count steps metric value exact_value rate relative_bytes equal_bytes "
        "steps_to_target reached time_to_target_ratio difference equivalence"
    ).split(),
)


def convergence_sheet(rows: Sequence[ConvergenceRow | AtFault], scale: str, faults: Sequence[str] = ()) -> Sheet:
    measured = sound(rows)
    targets = sorted({f"{row.target:.4g} ({row.model}, {row.task})" for row in measured if row.target})
    notes = [
        "Value: the held-out metric after the last step (perplexity: lower is better; all others: higher), with the "
        "method on, and with exact (uncompressed) dispatch of the same weights. Rate: rows sent over rows routed, mean "
        "over training. Relative bytes: bytes in all-to-alls over those of a plain 16-bit wire. "
        f"Target: {TARGET_SLACK:g} times the reference's last perplexity, or what it misses to 1, here "
        f"{', '.join(targets) or 'unknown'}; "
        "time-to-target ratio: the reference's steps to the target over the method's, times the paired speed-up on the "
        f"link that resembles the model's own cluster ({', '.join(_links(measured)) or 'not measured'}), with that "
        "speed-up's interval; above 1 the method gets there sooner, – if never.",
        reference_note(measured),
        _replication(measured),
        data_note(row.data for row in measured),
        *faults,
    ]
    return TABLE.sheet(f"Convergence, scale {scale}", rows, notes)


def _links(rows: Sequence[ConvergenceRow]) -> list[str]:
    return sorted({f"{row.model} on {row.task}: {row.time_cluster}" for row in rows if row.time_cluster})


def _replication(rows: Sequence[ConvergenceRow]) -> str:
    if max((row.seed_count for row in rows), default=0) < 2:
        return "One seed each: there is no interval, and small differences between methods mean nothing yet."
    shown = sorted({row.metric for row in rows})
    margins = ", ".join(f"{metric} ±{registration().margin(metric):g}" for metric in shown)
    return (
        "Intervals: 95 %, Student's t over seeds. Difference: quality less the reference's of the same seed, of a "
        f"perplexity minus its logarithm. Equivalent: within the registered margin ({margins}) by two one-sided t "
        "tests at 5 %, corrected for the number of methods by Holm's method; different: beyond that margin, corrected "
        "likewise."
    )


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/convergence.{csv,md,tex}`` below ``folder`` and report runs at fault on stderr."""
    evidence = read_evidence(folder)
    faults = fault_notes(evidence.invalid_runs, folder)
    rows = convergence_rows(evidence)
    sheet = convergence_sheet(rows, scale, faults)
    return TABLE.write(folder, rows, sheet)
