"""Convergence and speed-up tables of one scale, from its records alone: ``python -m suite.tables scale=nano``."""

import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from suite.comparisons import TARGET_SLACK, Row, convergence_rows, speedup_rows
from suite.config import compose
from suite.errors import exit_on_error
from suite.evidence import read_evidence
from suite.files import write_atomically

CONVERGENCE = (
    "model task method seed_count steps metric value value_low value_high steps_to_target time_to_target_ratio "
    "exact_value rate relative_bytes target data"
).split()
SPEEDUP = (
    "model task method cluster kappa share rate bytes_per_step speedup speedup_low speedup_high predicted_speedup "
    "relative_bytes remote_bytes_per_step step_seconds all_to_all_seconds experts_seconds reduction_seconds "
    "rest_seconds weights data"
).split()


def to_csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Rows as CSV: six significant digits, nothing where a value is missing."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_plain(row.get(column)) for column in columns] for row in rows)
    return buffer.getvalue()


def _plain(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def to_markdown(title: str, header: Sequence[str], cells: Sequence[Sequence[str]], notes: Sequence[str]) -> str:
    """A titled Markdown table with its notes below."""
    table = tabulate(cells, header, tablefmt="pipe", disable_numparse=True, colalign=_alignment(header))
    return "\n\n".join([f"### {title}", table, *notes]) + "\n"


def _alignment(header: Sequence[str]) -> list[str]:
    words = ("model", "task", "method", "cluster", "quantity", "reading")
    return ["left" if name in words else "right" for name in header]


def _number(value: object, form: str = ".3g") -> str:
    return "–" if value is None else f"{value:{form}}" if isinstance(value, int | float) else str(value)


def _with_interval(row: Row, name: str, form: str) -> str:
    text = _number(row.get(name), form)
    if row.get(f"{name}_low") is None:
        return text
    return f"{text} [{_number(row[f'{name}_low'], form)}, {_number(row[f'{name}_high'], form)}]"


def convergence_markdown(rows: Sequence[Row], scale: str) -> str:
    header = (
        "model task method seeds steps metric value exact_value rate relative_bytes steps_to_target "
        "time_to_target_ratio"
    ).split()
    cells = [
        [
            *(str(row[name]) for name in ("model", "task", "method")),
            _number(row.get("seed_count")),
            _number(row.get("steps")),
            _number(row.get("metric")),
            _with_interval(row, "value", ".4g"),
            _number(row.get("exact_value"), ".4g"),
            _number(row.get("rate"), ".1%"),
            _number(row.get("relative_bytes"), ".1%"),
            _number(row.get("steps_to_target"), ".0f"),
            _number(row.get("time_to_target_ratio"), ".2f"),
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
        "time-to-target ratio: vanilla's steps to the target over the method's, times the paired speed-up; above 1 the "
        "method gets there sooner, – if never.",
        _replication(rows),
        _data_note(rows),
    ]
    return to_markdown(f"Convergence, scale {scale}", header, cells, notes)


def _replication(rows: Sequence[Row]) -> str:
    if max((row.get("seed_count") or 0 for row in rows), default=0) < 2:
        return "One seed each: there is no interval, and small differences between methods mean nothing yet."
    return "Intervals: 95 %, Student's t over seeds."


def speedup_markdown(rows: Sequence[Row], scale: str) -> str:
    header = (
        "model task method cluster speedup predicted rate MB_per_step relative_bytes step_ms all_to_all_ms experts_ms "
        "reduction_ms rest_ms"
    ).split()
    cells = [
        [
            *(str(row.get(name) or "–") for name in ("model", "task", "method", "cluster")),
            _with_interval(row, "speedup", ".3f"),
            _number(row.get("predicted_speedup"), ".3f"),
            _number(row.get("rate"), ".1%"),
            _number(_scaled(row, "bytes_per_step", 1e-6), ".2f"),
            _number(row.get("relative_bytes"), ".1%"),
            *(
                _number(_scaled(row, f"{part}_seconds", 1e3), ".1f")
                for part in ("step", "all_to_all", "experts", "reduction", "rest")
            ),
        ]
        for row in rows
    ]
    vanilla = sorted(
        f"{row['model']} on {row['task']}, {row['cluster']}: all-to-all is {row['share']:.1%} of vanilla's step "
        f"(kappa {row['kappa']:.3g}), weights: {row['weights']}"
        for row in rows
        if row.get("method") == "vanilla"
    )
    notes = [
        "Speed-up: vanilla's step time over the method's (forward, backward, optimizer), median over pairs of "
        "neighbouring blocks in one process group, with a 95 % bootstrap interval. Predicted: the bound "
        "1 / (1 − f(1−ρ) + h) from vanilla's all-to-all share f, the method's bytes ratio ρ and reduction time h.",
        "Measured between processes of one machine over loopback: no slow network is involved, so fewer bytes save "
        "next to nothing. What is gained comes from experts that see fewer rows, which the bound leaves out; speed-ups "
        "below 1 are expected and honest.",
        ". ".join(vanilla) + ".",
        _data_note(rows),
    ]
    return to_markdown(f"Step time, scale {scale}", header, cells, notes)


def _scaled(row: Row, name: str, factor: float) -> float | None:
    value = row.get(name)
    return value * factor if isinstance(value, int | float) else None


def _data_note(rows: Sequence[Row]) -> str:
    return f"Data: {'; '.join(sorted({str(row['data']) for row in rows if row.get('data')})) or 'unknown'}."


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/{convergence,speedup}.{csv,md}`` below ``folder`` and report records at fault on stderr."""
    evidence = read_evidence(folder)
    faults = [f"Invalid record `{record.path.relative_to(folder)}`: {record.reason}." for record in evidence.invalid]
    for record in evidence.invalid:
        print(record, file=sys.stderr)
    convergence, speedup = convergence_rows(evidence), speedup_rows(evidence)
    texts = {
        "convergence.csv": to_csv(convergence, CONVERGENCE),
        "convergence.md": "\n".join([convergence_markdown(convergence, scale), *faults]),
        "speedup.csv": to_csv(speedup, SPEEDUP),
        "speedup.md": "\n".join([speedup_markdown(speedup, scale), *faults]),
    }
    for name, text in texts.items():
        write_atomically(folder / "tables" / name, text)
    return [folder / "tables" / name for name in texts]


def main() -> None:
    with exit_on_error():
        config = compose(sys.argv[1:])
    for path in build(config.results / config.scale.name, config.scale.name):
        print(path)


if __name__ == "__main__":
    main()
