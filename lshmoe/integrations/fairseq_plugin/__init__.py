"""A fairseq user directory: ``fairseq-train --user-dir lshmoe/integrations/fairseq_plugin``, with one of these pairs:

- ``--task language_modeling --arch moe_transformer_lm --criterion moe_cross_entropy``
- ``--task masked_lm --arch moe_roberta --criterion moe_masked_lm``

It is not called ``fairseq`` because fairseq imports it by its last path component.

Several ranks train in float32 with fairseq's default ``pytorch_ddp`` (GPUs) or with ``legacy_ddp``; each writes a
checkpoint of its own. ``python -m lshmoe.integrations.reshard_fairseq`` turns them into those of another number of
ranks, such as the one that evaluation needs. What fairseq would get wrong is refused (``guards``).
"""

from argparse import Namespace

import torch

from . import criterions, roberta, transformer_lm

__all__ = ["criterions", "roberta", "transformer_lm"]

# What takes its options from argparse (RoBERTa, SGD) leaves a namespace in checkpoints; torch.load must know of it.
torch.serialization.add_safe_globals([Namespace])
