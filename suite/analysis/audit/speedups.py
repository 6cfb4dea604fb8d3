"""The paper's speed-ups against its shares and rates."""

from suite.analysis.audit.judgement import CONSISTENT, INCONSISTENT, judge, title
from suite.analysis.audit.row import AuditRow
from suite.config.paper.published import AVERAGE, Published, PublishedSpeedup
from suite.costmodel.sheets import Shape, sheets

BYTES_SHRINK, EXPERTS_SHRINK = "all-to-all shrinks", "experts shrink too"


def judged_speedups(published: Published) -> list[AuditRow]:
    """Every printed speed-up by either reading, and the one that samples per second give."""
    rows = [row for speedup in published.speedups for row in _judged(speedup, published)]
    return [*rows, *_throughput_rows(published)]


def _judged(speedup: PublishedSpeedup, published: Published) -> list[AuditRow]:
    share, rate = published.shares[speedup.share].value, published.rates[speedup.rate].value
    experts = _expert_part(speedup.model, published)
    rows = []
    for reading, part in ((BYTES_SHRINK, share), (EXPERTS_SHRINK, share + (1 - share) * experts)):
        found = judge(speedup.least, speedup.most, part, rate, 1 - share)
        # Of the second reading: the share at which all-to-all and experts together are the part needed.
        needed = found.part_needed if reading == BYTES_SHRINK else (found.part_needed - experts) / (1 - experts)
        rows.append(
            AuditRow(
                statement=speedup.id,
                section=speedup.section,
                model=title(speedup.model, published),
                task=speedup.task,
                quantity="speed-up",
                published=speedup.value,
                reading=reading,
                share=share,
                rate=rate,
                possible=found.possible,
                limit=found.limit,
                share_needed=max(0.0, needed),
                rate_needed=found.rate_needed if found.rate_needed >= 0 else None,
                overhead=found.overhead,
                borrowed=_borrowed(speedup),
                verdict=found.verdict,
                reason=found.reason,
            )
        )
    return rows


def _expert_part(model: str, published: Published) -> float:
    """Experts' part of vanilla's compute, by shape; of the average, the mean over models."""
    shapes = {name: Shape.of(each, sheets().assumptions) for name, each in published.models.items()}
    if model == AVERAGE:
        return sum(shape.expert_part for shape in shapes.values()) / len(shapes)
    return shapes[model].expert_part


def _borrowed(speedup: PublishedSpeedup) -> str | None:
    missing = [name for name in ("share", "rate") if not getattr(speedup, f"{name}_stated")]
    return " and ".join(missing) or None


def _throughput_rows(published: Published) -> list[AuditRow]:
    """Samples per second against the speed-up printed for them."""
    rows: list[AuditRow] = []
    for model, throughput in published.throughputs.items():
        ratio = throughput.after / throughput.before
        for speedup in (s for s in published.speedups if s.model == model and s.section == throughput.section):
            fits = speedup.least <= ratio <= speedup.most
            rows.append(
                AuditRow(
                    statement=f"{speedup.id}_throughput",
                    section=throughput.section,
                    model=title(model, published),
                    task=speedup.task,
                    quantity="speed-up",
                    published=speedup.value,
                    reading="samples per second",
                    possible=ratio,
                    verdict=CONSISTENT if fits else INCONSISTENT,
                    reason=f"{throughput.after:g} over {throughput.before:g} samples/s is {ratio:.3f}",
                )
            )
    return rows
