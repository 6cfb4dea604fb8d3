"""Kinds of rows, told apart as documented."""

import torch

from suite.tasks.row_kinds import DISTINCT, MASK, PADDING, REPEATED, kinds_of


def test_kinds_by_hand() -> None:
    tokens = torch.tensor([[5, 6, 5, 3], [6, 7, 1, 1]])
    kinds = kinds_of(tokens, padding=1, masks=torch.tensor([3]))
    assert kinds.tolist() == [
        [DISTINCT, DISTINCT, REPEATED, MASK],
        [REPEATED, DISTINCT, PADDING, PADDING],
    ]
