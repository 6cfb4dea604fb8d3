"""Rows routed and sent, by kind of token: distinct, repeated, mask, padding.

The kinds are ordered. A sent row counts under the first kind among the rows of its cluster, so sums of counts have a
meaning: ``distinct`` is what would be sent if only distinct tokens were routed, ``distinct + repeated`` what would be
sent without masks and padding, and so on.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from lshmoe import Routing, occurrences
from suite.hosts.placement import Stream
from suite.records.vocabulary import KINDS
from suite.tasks.row_kinds import PADDING

KIND_METERS = tuple(f"{what}_{kind}" for what in ("routed", "sent") for kind in KINDS)


class KindMeter:
    """Observer of one layer: rows routed and sent, by kind. Counts stay on the device until they are read.

    Attributes:
        kinds_N: uint8 ``[N]``, of the tokens that come next; ``None`` counts all as distinct.
    """

    def __init__(self) -> None:
        self.kinds_N: Tensor | None = None
        self._counts_2K: Tensor | None = None

    def __call__(self, routing: Routing) -> None:
        token_R, assignment_R = routing.token_R, routing.assignment_R
        kinds_R = torch.zeros_like(token_R) if self.kinds_N is None else self.kinds_N[token_R].long()
        routed_K = occurrences(kinds_R, len(KINDS))
        sent_K = routed_K
        if assignment_R is not None:
            # Rows without a cluster (-1) go to one extra place at the end, which is dropped.
            first_C = torch.full((routing.num_sent + 1,), len(KINDS), dtype=torch.int64, device=token_R.device)
            first_C.scatter_reduce_(0, assignment_R % (routing.num_sent + 1), kinds_R, "amin")
            sent_K = occurrences(first_C[:-1], len(KINDS) + 1)[: len(KINDS)]
        counts_2K = torch.stack([routed_K, sent_K])
        self._counts_2K = counts_2K if self._counts_2K is None else self._counts_2K + counts_2K

    def read(self) -> dict[str, float]:
        """:data:`KIND_METERS` since the last reading."""
        counts = [0.0] * len(KIND_METERS) if self._counts_2K is None else self._counts_2K.flatten().tolist()
        self._counts_2K = None
        return dict(zip(KIND_METERS, counts, strict=True))


def announce(streams: Mapping[str, Stream], kinds: Mapping[str, Tensor], route_padding: bool) -> None:
    """Tell MoE layers and their meters the kinds of the tokens that come next.

    Args:
        streams: of the host model.
        kinds: by stream, uint8 ``[B, T]``; a stream without kinds is left out.
        route_padding: whether padding tokens are sent to experts.
    """
    for name, stream in streams.items():
        kinds_BT = kinds.get(name)
        kinds_N = None if kinds_BT is None else (kinds_BT.T if stream.time_first else kinds_BT).flatten()
        for layer in stream.layers:
            layer.routed_N = None if route_padding or kinds_N is None else kinds_N != PADDING
            for observer in layer.observers:
                if isinstance(observer, KindMeter):
                    observer.kinds_N = kinds_N
