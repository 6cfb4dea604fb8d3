"""LSH-MoE: communication-efficient mixture-of-experts training via locality-sensitive hashing, as a PyTorch library."""

from lshmoe.clustering import Clusters, cluster, clusters_from_assignment, expert_of_rows, separate_non_finite
from lshmoe.exchange import Exchange, Received
from lshmoe.gate import TopKGate
from lshmoe.hashing import CrossPolytopeHash, SphericalPlaneHash, cross_polytope_codes
from lshmoe.layer import MoELayer, NonFiniteRowError, Routing, exact_dispatch, moe_layers
from lshmoe.parallel import clip_grad_norm, data_parallel, expert_parameters
from lshmoe.reduction import IdentityReduction, LSHReduction, Reduced, Reduction, clustered_reduction, lsh_reduction
from lshmoe.resharding import reshard
from lshmoe.seeding import derive_seed
from lshmoe.segments import Segments, occurrences, segment_mean, segment_sum, spread
from lshmoe.traffic import Traffic
from lshmoe.wire import NativeWire, Wire

__all__ = [
    "Clusters",
    "CrossPolytopeHash",
    "Exchange",
    "IdentityReduction",
    "LSHReduction",
    "MoELayer",
    "NativeWire",
    "NonFiniteRowError",
    "Received",
    "Reduced",
    "Reduction",
    "Routing",
    "Segments",
    "SphericalPlaneHash",
    "TopKGate",
    "Traffic",
    "Wire",
    "clip_grad_norm",
    "cluster",
    "clustered_reduction",
    "clusters_from_assignment",
    "cross_polytope_codes",
    "data_parallel",
    "derive_seed",
    "exact_dispatch",
    "expert_of_rows",
    "expert_parameters",
    "lsh_reduction",
    "moe_layers",
    "occurrences",
    "reshard",
    "segment_mean",
    "segment_sum",
    "separate_non_finite",
    "spread",
]
