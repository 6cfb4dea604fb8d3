"""LSH-MoE: communication-efficient mixture-of-experts training via locality-sensitive hashing, as a PyTorch library."""

from lshmoe.clustering import (
    Clusters,
    cluster,
    clusters_from_assignment,
    expert_of_rows,
    finite_rows,
    separate_non_finite,
)
from lshmoe.compensation import (
    Compensation,
    CompensationOption,
    ExactSample,
    as_compensation,
    best_compensation,
    compensate,
)
from lshmoe.exchange import ApplyExperts, Exchange, Observe, Received, Routes
from lshmoe.gate import TopKGate
from lshmoe.hashing import CrossPolytopeHash, SphericalPlaneHash, cross_polytope_codes
from lshmoe.layer import MoELayer, NonFiniteRowError, Routing, exact_dispatch, moe_layers
from lshmoe.parallel import clip_grad_norm, data_parallel, expert_parameters
from lshmoe.reduction import (
    IdentityReduction,
    LSHReduction,
    Reduced,
    Reduction,
    clustered_reduction,
    lsh_reduction,
    represented_reduction,
)
from lshmoe.resharding import reshard
from lshmoe.seeding import derive_seed
from lshmoe.segments import Segments, occurrences, segment_mean, segment_sum, spread
from lshmoe.traffic import ROW_PHASES, Traffic
from lshmoe.tunable import Tunable
from lshmoe.wire import NativeWire, PhasedWire, Wire

__all__ = [
    "ROW_PHASES",
    "ApplyExperts",
    "Clusters",
    "Compensation",
    "CompensationOption",
    "CrossPolytopeHash",
    "ExactSample",
    "Exchange",
    "IdentityReduction",
    "LSHReduction",
    "MoELayer",
    "NativeWire",
    "NonFiniteRowError",
    "Observe",
    "PhasedWire",
    "Received",
    "Reduced",
    "Reduction",
    "Routes",
    "Routing",
    "Segments",
    "SphericalPlaneHash",
    "TopKGate",
    "Traffic",
    "Tunable",
    "Wire",
    "as_compensation",
    "best_compensation",
    "clip_grad_norm",
    "cluster",
    "clustered_reduction",
    "clusters_from_assignment",
    "compensate",
    "cross_polytope_codes",
    "data_parallel",
    "derive_seed",
    "exact_dispatch",
    "expert_of_rows",
    "expert_parameters",
    "finite_rows",
    "lsh_reduction",
    "moe_layers",
    "occurrences",
    "represented_reduction",
    "reshard",
    "segment_mean",
    "segment_sum",
    "separate_non_finite",
    "spread",
]
