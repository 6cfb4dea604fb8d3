"""The table behind Fig. 3: all-to-all's share of a step, from the records of shares, beside the paper's eq. 6."""

from pathlib import Path
from statistics import median

from suite.analysis.columns import column, table_row
from suite.analysis.estimate import Estimate
from suite.analysis.statistics import paired_ratio
from suite.config.paper.published import published
from suite.costmodel import paper
from suite.records.reading import Invalid
from suite.records.schema.block import Block
from suite.records.schema.shares import SharesRecord, Variant
from suite.records.shares import read_share_records

CAPTION = (
    "All-to-all's share of vanilla's step (Fig. 3), with doubled experts on the same link and with doubled servers. "
    "More ranks than cores compute more slowly, by the factor slowdown; their link is slowed by the same "
    "factor, which keeps kappa comparable, but gloo's latency, whose part of the step is given, cannot be. Paper: what "
    "it has for the base, and calls nearly the same for the others. Expected: the base's share carried on by eq. 6, in "
    "which only (w − 1)/w changes."
)


@table_row
class SharesRow:
    """A model's vanilla method under one variant of its cluster or size."""

    model: str = column("name of a file under `suite/conf/model`", words=True)
    task: str = column("name of a file under `suite/conf/task`", words=True)
    variant: str = column(
        "`base`; `doubled experts`, on the same link; `doubled servers`, with as many tokens on each, on a link slowed "
        "by `slowdown`, and on the base's link as it was",
        words=True,
    )
    servers: int = column("number of servers", form="d")
    experts: int = column("number of experts", form="d")
    share: Estimate = column(
        "all-to-all over vanilla's step; geometric mean over rounds, 95 % Student's t interval", "fraction", form=".1%"
    )
    paper_share: float = column(
        "of the base in Fig. 3; the paper calls the others nearly the same", "fraction", header="paper", form=".1%"
    )
    expected_share: float = column(
        "the base's measured share carried on by eq. 6, in which only (w − 1)/w changes",
        "fraction",
        header="expected",
        form=".1%",
    )
    kappa: float = column("all-to-all over the rest of the step, medians", "ratio", form=".3f")
    open_share: float = column("the share with the link open: waiting and latency", "fraction", form=".1%")
    latency_share: float | None = column(
        "the fitted alpha of all the step's all-to-alls over the step", "fraction", header="latency", form=".1%"
    )
    slowdown: float = column(
        "the rest of the step with twice the ranks on the same cores over the base's, links open", "ratio", form=".2f"
    )
    inter_server_bytes_per_step: float = column(
        "as in `speedup.csv`", "bytes", header="MB_between_servers", form=".2f", factor=1e-6
    )
    link_alpha_seconds: float | None = column("as in `speedup.csv`", "s")
    link_beta_seconds_per_byte: float | None = column(
        "as in `speedup.csv`", "s/byte", header="ns_per_byte", form=".1f", factor=1e9
    )
    step_seconds: float = column("as in `speedup.csv`", "s", header="step_ms", form=".1f", factor=1e3)


def read_shares(folder: Path) -> tuple[list[SharesRow], list[Invalid]]:
    """One row per model and variant, the base first, and the records that cannot be used.

    Args:
        folder: a scale's results.
    """
    records, invalid = read_share_records(folder)
    return [_row(record, variant) for record in records for variant in record.variants], invalid


def _row(record: SharesRecord, variant: Variant) -> SharesRow:
    share, steps, base = _share(variant.blocks), record.steps_per_block, record.variants[0]
    seconds = median(block.seconds for block in variant.blocks)
    all_to_all = median(block.all_to_all for block in variant.blocks)
    growth = _eq6(record, variant) / _eq6(record, base)
    expected = paper.share(growth * paper.kappa(_share(base.blocks).value))
    alpha = variant.fit.mean("alpha")
    printed = published().shares[record.model]
    return SharesRow(
        model=record.model,
        task=record.task,
        variant=variant.variant,
        servers=variant.servers,
        experts=variant.experts,
        share=share,
        paper_share=printed.value,
        expected_share=expected,
        kappa=all_to_all / (seconds - all_to_all),
        open_share=_share(variant.open_blocks).value,
        latency_share=alpha * variant.all_to_alls / (seconds / steps),
        slowdown=1.0 if variant.servers == base.servers else record.slowdown,
        inter_server_bytes_per_step=median(block.inter_server_bytes for block in variant.blocks) / steps,
        link_alpha_seconds=alpha,
        link_beta_seconds_per_byte=variant.fit.mean("beta"),
        step_seconds=seconds / steps,
    )


def _share(blocks: list[Block]) -> Estimate:
    """Median over rounds, like every other number of the lab, and its interval."""
    return paired_ratio([block.all_to_all for block in blocks], [block.seconds for block in blocks])


def _eq6(record: SharesRecord, variant: Variant) -> float:
    """All that changes in eq. 6 from variant to variant is (w−1)/w."""
    return paper.ratio(record.top_k, 1, variant.servers, 1.0, 1.0)
