"""A fairseq user directory: ``fairseq-train --user-dir lshmoe/integrations/fairseq_plugin --arch moe_transformer_lm``.

It is not called ``fairseq`` because fairseq imports it by its last path component. On several ranks run it with
``--ddp-backend legacy_ddp``, which leaves expert parameters alone.
"""

from . import criterion, models

__all__ = ["criterion", "models"]
