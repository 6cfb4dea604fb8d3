"""Every rival of LSH-MoE: other reductions, wires and exchanges, one small file each."""

from baselines.exchanges.bridge import BridgeExchange
from baselines.exchanges.dedup import DedupExchange, HierarchicalDedupExchange
from baselines.exchanges.hierarchical import HierarchicalExchange
from baselines.reductions.bipartite_merging import BipartiteMerging
from baselines.reductions.condensation import Condensation
from baselines.reductions.kmeans import KMeans
from baselines.reductions.random_clusters import RandomClusters
from baselines.reductions.row_dropping import RowDropping
from baselines.wires.four_bits import BlockInt4Wire, NVFP4Wire
from baselines.wires.fp8 import FP8Wire
from baselines.wires.int4 import Int4Wire
from baselines.wires.int8 import Int8Wire
from baselines.wires.latent import LatentWire
from baselines.wires.mxfp8 import MXFP8Wire
from baselines.wires.per_phase import PerPhaseWire

__all__ = [
    "BipartiteMerging",
    "BlockInt4Wire",
    "BridgeExchange",
    "Condensation",
    "DedupExchange",
    "FP8Wire",
    "HierarchicalDedupExchange",
    "HierarchicalExchange",
    "Int4Wire",
    "Int8Wire",
    "KMeans",
    "LatentWire",
    "MXFP8Wire",
    "NVFP4Wire",
    "PerPhaseWire",
    "RandomClusters",
    "RowDropping",
]
