"""Every rival of LSH-MoE: other reductions, wires and exchanges, one small file each."""

from baselines.exchanges.hierarchical import HierarchicalExchange
from baselines.reductions.condensation import Condensation
from baselines.reductions.kmeans import KMeans
from baselines.reductions.random_clusters import RandomClusters
from baselines.reductions.row_dropping import RowDropping
from baselines.wires.fp8 import FP8Wire
from baselines.wires.int4 import Int4Wire
from baselines.wires.int8 import Int8Wire

__all__ = [
    "Condensation",
    "FP8Wire",
    "HierarchicalExchange",
    "Int4Wire",
    "Int8Wire",
    "KMeans",
    "RandomClusters",
    "RowDropping",
]
