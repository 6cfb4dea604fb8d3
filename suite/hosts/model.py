"""What every host model has, whichever library it comes from."""

from torch import nn

from suite.hosts.placement import Stream


class HostModel(nn.Module):
    """Maps the ``inputs`` of a batch, as keyword arguments, to logits ``[…, classes]``, one row per target.

    Attributes:
        streams: by name, which MoE layers see which tokens. A model whose rows have no kinds has none.
    """

    def __init__(self, streams: dict[str, Stream]) -> None:
        super().__init__()
        self.streams = streams
