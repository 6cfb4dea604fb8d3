"""A wire of its own for each phase: which of them tolerates which encoding?"""

import torch

from lshmoe import ROW_PHASES, NativeWire, Wire


class PerPhaseWire:
    """Encodings may differ between the two exchanges of a layer and those of their gradients.

    Args:
        dispatch: of the rows that go to experts.
        combine: of the outputs that come back.
        combine_backward: of the outputs' gradients, which go to experts.
        dispatch_backward: of the rows' gradients, which come back.

    ``None`` is :class:`~lshmoe.NativeWire`.
    """

    def __init__(
        self,
        dispatch: Wire | None = None,
        combine: Wire | None = None,
        combine_backward: Wire | None = None,
        dispatch_backward: Wire | None = None,
    ) -> None:
        wires = (dispatch, combine, combine_backward, dispatch_backward)
        native = NativeWire()
        self.wires = {phase: wire or native for phase, wire in zip(ROW_PHASES, wires, strict=True)}

    def for_phase(self, phase: str) -> Wire:
        """The wire of one of :data:`~lshmoe.ROW_PHASES`."""
        return self.wires[phase]

    def bytes_per_row(self, dim: int, dtype: torch.dtype) -> float:
        """Mean of the four phases."""
        return sum(wire.bytes_per_row(dim, dtype) for wire in self.wires.values()) / len(self.wires)
