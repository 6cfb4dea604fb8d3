"""From 16 to 16,384 GPUs by the cost model: the paper's models on every cluster, share and speed-up."""

from typing import get_args

from suite.analysis.columns import column, table_row
from suite.config.paper.published import Published, PublishedModel
from suite.costmodel import paper
from suite.costmodel.bound import speedup_bound
from suite.costmodel.exchange import ExchangePath
from suite.costmodel.sheets import Cluster, Shape, Targets, lsh_method, network, vanilla_method, workload
from suite.costmodel.step import predict

GPUS = tuple(2**power for power in range(4, 15))


@table_row
class ExtrapolationRow:
    """A model of the paper on a number of GPUs, predicted."""

    model: str = column("the paper's name", words=True)
    cluster: str = column("name of a cluster in `suite/conf/targets.yaml`", words=True)
    exchange: ExchangePath = column("`flat`, or `hierarchical`: inside servers first", words=True)
    gpus: int = column("how many", form="d")
    servers: int = column("how many; of the two-site cluster, servers are the sites")
    kappa: float = column("vanilla's predicted all-to-all over the rest of its step", "ratio")
    share: float = column("vanilla's predicted all-to-all over its step", "fraction", form=".0%")
    rate: float = column("the published one", "fraction")
    speedup: float = column(
        "LSH's, predicted: fewer bytes, fewer rows for experts, hashing", "ratio", form=".2f", better="higher"
    )
    bound: float = column("1 / (1 − f(1−ρ) + h) at the predicted share", "ratio", form=".2f", better="higher")
    printed_share: float = column(
        "by eq. 9 of the paper as printed, at peak FLOP/s, with the NICs of a whole server", "fraction", form=".0%"
    )
    published_share: float | None = column("what the paper measured at this place", "fraction", form=".0%")
    published_speedup: str | None = column("what the paper measured at this place, as a range over tasks", "ratio")


def extrapolation_rows(published: Published, targets: Targets) -> list[ExtrapolationRow]:
    """One row per model, cluster, exchange and number of GPUs."""
    return [
        _row(name, model, key, cluster, path, gpus, published, targets)
        for name, model in published.models.items()
        for key, cluster in targets.clusters.items()
        for path in get_args(ExchangePath)
        for gpus in GPUS
    ]


def _row(
    name: str,
    model: PublishedModel,
    key: str,
    cluster: Cluster,
    path: ExchangePath,
    gpus: int,
    published: Published,
    targets: Targets,
) -> ExtrapolationRow:
    assumptions = targets.assumptions
    shape, joined = Shape.of(model, assumptions), network(cluster, path, gpus)
    step = workload(shape, cluster, joined, assumptions)
    rate = published.rates.get(name, published.rates["six_functions"]).value
    method = lsh_method(shape, cluster, assumptions, rate)
    vanilla = predict(step.cost(vanilla_method(shape, assumptions)), joined)
    lsh = predict(step.cost(method), joined)
    servers, per_gpu = joined.topology.servers, cluster.nic_rate * cluster.nics_per_server
    printed = paper.ratio(assumptions.top_k, shape.width, servers, cluster.gpu.flops, per_gpu)
    where = published.share_cluster
    has_share = key == where.cluster and gpus in (where.gpus, where.gpus_doubled) and name in published.shares
    at_home = key == model.cluster and gpus == cluster.servers * cluster.gpus_per_server
    return ExtrapolationRow(
        model=model.title,
        cluster=key,
        exchange=path,
        gpus=gpus,
        servers=servers,
        kappa=vanilla.kappa,
        share=vanilla.share,
        rate=rate,
        speedup=vanilla.seconds / lsh.seconds,
        bound=speedup_bound(vanilla.share, rate, lsh.reduction / vanilla.seconds),
        printed_share=paper.share(printed),
        published_share=published.shares[name].value if has_share else None,
        published_speedup=_printed_speedups(name, published) if at_home else None,
    )


def _printed_speedups(name: str, published: Published) -> str:
    """``1.3–1.4``: the range over tasks."""
    values = sorted({speedup.value for speedup in published.speedups if speedup.model == name})
    return f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g}–{values[-1]:g}"
