"""The convergence table of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.convergence import TARGET_SLACK, convergence_rows
from suite.analysis.quality import PERPLEXITY_MARGIN, SHARE_MARGIN
from suite.analysis.rows import Row
from suite.records.evidence import read_evidence
from suite.tables.formatting import data_note, fault_notes, main, number, table_files, with_interval, write_tables
from suite.tables.sheet import Sheet

CAPTION = (
    "Held-out quality after the last step, rate, bytes and the time to vanilla's quality, by model, task and "
    "method. A method is as good as vanilla where the test of equivalence says so, which takes several seeds, and "
    "pays where its time-to-target ratio lies above 1."
)
CONVERGENCE = (
    "model task method seed_count steps metric value value_low value_high steps_to_target time_to_target_ratio "
    "time_to_target_ratio_low time_to_target_ratio_high time_cluster exact_value rate relative_bytes target data "
    "difference difference_low difference_high difference_p equivalence_p equivalence"
).split()


def convergence_sheet(rows: Sequence[Row], scale: str, faults: Sequence[str] = ()) -> Sheet:
    header = (
        "model task method seeds steps metric value exact_value rate relative_bytes steps_to_target "
        "time_to_target_ratio difference equivalence"
    ).split()
    cells = [
        [
            *(str(row[name]) for name in ("model", "task", "method")),
            number(row.get("seed_count")),
            number(row.get("steps")),
            number(row.get("metric")),
            with_interval(row, "value", ".4g"),
            number(row.get("exact_value"), ".4g"),
            number(row.get("rate"), ".1%"),
            number(row.get("relative_bytes"), ".1%"),
            number(row.get("steps_to_target"), ".0f"),
            with_interval(row, "time_to_target_ratio", ".2f"),
            with_interval(row, "difference", "+.4f"),
            number(row.get("equivalence")),
        ]
        for row in rows
    ]
    targets = sorted({f"{row['target']:.4g} ({row['model']}, {row['task']})" for row in rows if row.get("target")})
    notes = [
        "Value: the held-out metric after the last step (perplexity: lower is better; all others: higher), with the "
        "method on, and with exact (uncompressed) dispatch of the same weights. Rate: rows sent over rows routed, mean "
        "over training. Relative bytes: bytes in all-to-alls over those of a plain 16-bit wire. "
        f"Target: {TARGET_SLACK:g} times vanilla's last perplexity, or what it misses to 1, here "
        f"{', '.join(targets) or 'unknown'}; "
        "time-to-target ratio: vanilla's steps to the target over the method's, times the paired speed-up on the "
        f"link that resembles the model's own cluster ({', '.join(_links(rows)) or 'not measured'}), with that "
        "speed-up's interval; above 1 the method gets there sooner, – if never.",
        _replication(rows),
        data_note(rows),
        *faults,
    ]
    return Sheet(f"Convergence, scale {scale}", header, cells, notes)


def _links(rows: Sequence[Row]) -> list[str]:
    return sorted(
        {f"{row['model']} on {row['task']}: {row['time_cluster']}" for row in rows if row.get("time_cluster")}
    )


def _replication(rows: Sequence[Row]) -> str:
    if max((row.get("seed_count") or 0 for row in rows), default=0) < 2:
        return "One seed each: there is no interval, and small differences between methods mean nothing yet."
    return (
        "Intervals: 95 %, Student's t over seeds. Difference: quality less vanilla's of the same seed, of a perplexity "
        f"minus its logarithm. Equivalent: within ±{SHARE_MARGIN:g} of a share or ±{PERPLEXITY_MARGIN:g} of a "
        "logarithm by two one-sided t tests at 5 %, corrected for the number of methods by Holm's method; different: "
        "the interval lies beyond that."
    )


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/convergence.{csv,md,tex}`` below ``folder`` and report runs at fault on stderr."""
    evidence = read_evidence(folder)
    faults = fault_notes(evidence.invalid_runs, folder)
    rows = convergence_rows(evidence)
    sheet = convergence_sheet(rows, scale, faults)
    return write_tables(folder, table_files("convergence", rows, CONVERGENCE, CAPTION, sheet))


if __name__ == "__main__":
    main(build)
