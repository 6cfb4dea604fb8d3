"""Causal language modelling: predict every next token."""

from torch import Tensor

from suite.tasks.packed_text import PackedText
from suite.tasks.row_kinds import kinds_of
from suite.tasks.task import Batch


class CausalLM(PackedText):
    """Targets are the tokens, shifted left by one."""

    objective = "causal_lm"
    overlap = 1

    def make_batch(self, windows_BT: Tensor, seeds: list[int]) -> Batch:
        """The objective draws nothing, so ``seeds`` are not used."""
        tokens_BT = windows_BT[:, :-1].contiguous()
        return Batch({"tokens_BT": tokens_BT}, windows_BT[:, 1:].contiguous(), {"tokens": kinds_of(tokens_BT)})
