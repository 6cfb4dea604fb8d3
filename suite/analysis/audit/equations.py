"""The paper's equations (6 to 9) against the shares that it measured (Fig. 3)."""

from suite.analysis.audit.judgement import CONSISTENT, INCONSISTENT, SHARE_TOLERANCE, title
from suite.analysis.audit.row import AuditRow
from suite.config.paper.published import AVERAGE, Published
from suite.costmodel import paper
from suite.costmodel.sheets import Cluster, sheets

# Parts of the GPUs' peak that training achieves: some ten percent where matrices are small, as here, and just over half
# in the best reports of large dense models (Narayanan et al. 2021, Megatron-LM: 52 %).
ACHIEVED = (0.1, 0.6)


def equation_rows(published: Published) -> list[AuditRow]:
    """Shares by eq. 9, and what it says of larger clusters, more experts and models of equal width."""
    rows = [*_share_rows(published), *_growth_rows(published), *_same_equation_rows(published)]
    return [*rows, *_summary_rows(published)]


def _share_rows(published: Published) -> list[AuditRow]:
    """Eqs. 6 to 9 against Fig. 3, as printed and corrected, at a band of achieved FLOP/s."""
    where = published.share_cluster
    cluster, top_k = sheets().clusters[where.cluster], sheets().assumptions.top_k
    rows = []
    for model, share in published.shares.items():
        if model == AVERAGE:
            continue
        hidden = published.models[model].d_model
        servers = cluster.topology(where.gpus).servers
        printed = _printed_ratio(cluster, hidden, top_k, servers)
        corrected = paper.corrected_ratio(
            top_k,
            hidden,
            servers,
            cluster.gpu.flops,
            cluster.nic_rate,
            bytes_per_element=sheets().assumptions.bytes_per_element,
            nics_per_server=cluster.nics_per_server,
            gpus_per_server=cluster.gpus_per_server,
        )
        for reading, ratio in (("eq. 9 as printed", printed), ("eq. 9, bytes and shared NICs", corrected)):
            verdict, reason = _judge_share(paper.share(ratio), share.value)
            found = paper.share(ratio), verdict, reason
            rows.append(_share_row(f"share_{model}", share.section, model, published, reading, *found))
    return rows


def _printed_ratio(cluster: Cluster, hidden: int, top_k: int, servers: int) -> float:
    """Eq. 9 with B_inter of a whole server."""
    return paper.ratio(top_k, hidden, servers, cluster.gpu.flops, cluster.nic_rate * cluster.nics_per_server)


def _judge_share(given: float, reported: float) -> tuple[str, str]:
    least, most = (paper.share(paper.kappa(given) * fraction) for fraction in ACHIEVED)
    fits = least - SHARE_TOLERANCE <= reported <= most + SHARE_TOLERANCE
    needed = paper.kappa(reported) / paper.kappa(given)
    reason = (
        f"gives {least:.0%} to {most:.0%} at {ACHIEVED[0]:.0%} to {ACHIEVED[1]:.0%} of the GPUs' peak; "
        f"{reported:.0%} needs {needed:.0%} of it"
    )
    return CONSISTENT if fits else INCONSISTENT, reason


def _share_row(
    statement: str,
    section: str,
    model: str,
    published: Published,
    reading: str,
    given: float,
    verdict: str,
    reason: str,
) -> AuditRow:
    """The share that the paper reports of a model beside the one that a reading gives."""
    return AuditRow(
        statement=statement,
        section=section,
        model=title(model, published),
        quantity="share",
        published=published.shares[model].value,
        reading=reading,
        possible=given,
        borrowed=None if published.models[model].widths_stated else "width",
        verdict=verdict,
        reason=reason,
    )


def _growth_rows(published: Published) -> list[AuditRow]:
    """What §3.3 and Fig. 3 say of more servers, more experts and other models, by eq. 9 from the reported shares."""
    where = published.share_cluster
    cluster = sheets().clusters[where.cluster]
    few, many = (cluster.topology(gpus).servers for gpus in (where.gpus, where.gpus_doubled))
    growth = ((many - 1) / many) / ((few - 1) / few)
    rows = []
    for model, share in published.shares.items():
        if model == AVERAGE:
            continue
        for statement, factor, why in (
            ("share_at_twice_the_servers", growth, f"(w−1)/w grows by {growth:.2f} from {few} to {many} servers"),
            ("share_at_twice_the_experts", 1.0, "the number of experts does not occur in eq. 9"),
        ):
            given = paper.share(paper.kappa(share.value) * factor)
            rows.append(_fig3_row(statement, model, published, given, why))
    return rows


def _fig3_row(statement: str, model: str, published: Published, given: float, reason: str) -> AuditRow:
    """What eq. 9 gives a model beside its share in Fig. 3: they fit where both are nearly the same."""
    fits = abs(given - published.shares[model].value) <= SHARE_TOLERANCE
    verdict = CONSISTENT if fits else INCONSISTENT
    return _share_row(statement, "Fig. 3", model, published, "eq. 9 as printed", given, verdict, reason)


def _same_equation_rows(published: Published) -> list[AuditRow]:
    """Models that are alike in all that eq. 9 depends on must have equal shares."""
    names = [name for name in published.shares if name != AVERAGE and published.models[name].widths_stated]
    rows = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            if published.models[first].d_model != published.models[second].d_model:
                continue
            one = published.shares[first].value
            reason = f"{title(first, published)} has the same h, k and w, so the same share, {one:.0%}"
            rows.append(_fig3_row(f"share_as_{first}", second, published, one, reason))
    return rows


def _summary_rows(published: Published) -> list[AuditRow]:
    """What §2.2 says of all models, by the shares of Fig. 3."""
    shares = [share.value for name, share in published.shares.items() if name != AVERAGE]
    rows = []
    for statement, printed, given, reading in (
        ("share_average", published.shares[AVERAGE].value, sum(shares) / len(shares), "mean of Fig. 3"),
        ("share_largest", published.largest_share, max(shares), "largest of Fig. 3"),
    ):
        fits = abs(given - printed) <= SHARE_TOLERANCE
        rows.append(
            AuditRow(
                statement=statement,
                section=published.shares[AVERAGE].section,
                model=AVERAGE,
                quantity="share",
                published=printed,
                reading=reading,
                possible=given,
                verdict=CONSISTENT if fits else INCONSISTENT,
                reason=f"Fig. 3 gives {given:.1%}",
            )
        )
    return rows
