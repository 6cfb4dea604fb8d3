"""The table of step times of one scale, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

from suite.comparisons import Row, speedup_rows
from suite.evidence import read_evidence
from suite.tables.formatting import (
    data_note,
    fault_notes,
    main,
    number,
    scaled,
    to_csv,
    to_markdown,
    with_interval,
    write_tables,
)

SPEEDUP = (
    "model task method cluster kappa share rate bytes_per_step speedup speedup_low speedup_high predicted_speedup "
    "relative_bytes remote_bytes_per_step step_seconds all_to_all_seconds experts_seconds reduction_seconds "
    "rest_seconds weights data"
).split()


def speedup_markdown(rows: Sequence[Row], scale: str) -> str:
    header = (
        "model task method cluster speedup predicted rate MB_per_step relative_bytes step_ms all_to_all_ms experts_ms "
        "reduction_ms rest_ms"
    ).split()
    cells = [
        [
            *(str(row.get(name) or "–") for name in ("model", "task", "method", "cluster")),
            with_interval(row, "speedup", ".3f"),
            number(row.get("predicted_speedup"), ".3f"),
            number(row.get("rate"), ".1%"),
            number(scaled(row, "bytes_per_step", 1e-6), ".2f"),
            number(row.get("relative_bytes"), ".1%"),
            *(
                number(scaled(row, f"{part}_seconds", 1e3), ".1f")
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
        data_note(rows),
    ]
    return to_markdown(f"Step time, scale {scale}", header, cells, notes)


def build(folder: Path, scale: str) -> list[Path]:
    """Write ``tables/speedup.{csv,md}`` below ``folder`` and report measurements at fault on stderr."""
    evidence = read_evidence(folder)
    faults = fault_notes([record for record in evidence.invalid if record.method is None], folder)
    rows = speedup_rows(evidence)
    markdown = "\n".join([speedup_markdown(rows, scale), *faults])
    return write_tables(folder, {"speedup.csv": to_csv(rows, SPEEDUP), "speedup.md": markdown})


if __name__ == "__main__":
    main(build)
