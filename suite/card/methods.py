"""The methods that are timed: a reduction and a wire for each name."""

from collections.abc import Callable
from dataclasses import dataclass

from baselines import FP8Wire, Int8Wire, KMeans
from lshmoe import IdentityReduction, NativeWire, Reduction, Wire, lsh_reduction


@dataclass(frozen=True)
class Method:
    """Makers of a method's parts; the reduction is told the width of the rows."""

    reduction: Callable[[int], Reduction]
    wire: Callable[[], Wire]

    @property
    def reduces(self) -> bool:
        """Whether fewer rows travel than were routed."""
        return not isinstance(self.reduction(8), IdentityReduction)


METHODS = {
    "vanilla": Method(lambda dim: IdentityReduction(), NativeWire),
    "fp8": Method(lambda dim: IdentityReduction(), FP8Wire),
    "int8": Method(lambda dim: IdentityReduction(), Int8Wire),
    "lsh": Method(lsh_reduction, NativeWire),
    "lsh_fp8": Method(lsh_reduction, FP8Wire),
    "kmeans": Method(KMeans, NativeWire),
}
