"""What fairseq would do wrong, or leave undone, without a word."""

from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from lshmoe.groups import active_group_size

from .options import Side

RESHARD = "python -m lshmoe.integrations.reshard_fairseq CHECKPOINT"

_LEAVE_EXPERTS_ALONE = ("legacy_ddp", "no_c10d", "pytorch_ddp", "c10d")


def refuse_unsupported(args: Any, side: Side, task: Any) -> None:
    """Check options before a model is built.

    Raises:
        ValueError: if one does not go with MoE layers, or is out of range.
    """
    layers = getattr(args, f"{side}_layers")
    if not 1 <= args.moe_every <= layers:
        raise ValueError(f"moe_every: must be in 1..{side}_layers ({layers}), got {args.moe_every}")
    if args.base_layers != 1:
        raise ValueError(f"base_layers: must be 1, so that each rank saves its experts, got {args.base_layers}")
    unsupported = [
        # Skipped layers have no balance loss; fairseq's way to recompute layers loses its gradient.
        f"{side}_layerdrop",
        "checkpoint_activations",
        "offload_activations",
        # Layers that are left out change the numbers of the others, and so which of them have experts.
        f"{side}_layers_to_keep",
        # These act on a dense layer's hidden units or weights, which experts do not show.
        "activation_dropout",
        "relu_dropout",
        "scale_fc",
        "quant_noise_pq",
        "quant_noise_scalar",
        "ffn_reg_scale_factor",
    ]
    for option in unsupported:
        if getattr(args, option, None):
            raise ValueError(f"{option}: does not go with MoE layers; leave it off")
    if _option(task, "sample_break_mode") == "eos" and not hasattr(np, "compat"):
        raise ValueError("sample_break_mode: fairseq's eos needs numpy 1; use complete, complete_doc or none")
    if getattr(args, "distributed_world_size", 1) > 1:
        _refuse_on_several_ranks(args)


def _refuse_on_several_ranks(args: Any) -> None:
    if args.ddp_backend not in _LEAVE_EXPERTS_ALONE or args.use_bmuf:
        raise ValueError("ddp_backend: MoE layers on several ranks need legacy_ddp or pytorch_ddp, and no --use-bmuf")
    for option in ("fp16", "amp", "bf16"):
        if getattr(args, option):
            raise ValueError(
                f"{option}: fairseq looks for overflow on each rank alone, and not in the gradients of experts; "
                "train in float32 on several ranks"
            )


def _option(task: Any, name: str) -> Any:
    options = getattr(task, "cfg", None) or getattr(task, "args", None)
    return getattr(options, name, None)


class Guard:
    """A forward pre-hook of a model that looks at the process that uses it.

    Args:
        args: options of the run that made the model.

    Raises:
        RuntimeError: in the first training pass, if the checkpoints to go on from are those of another number of ranks;
            in evaluation without training, if there are several ranks.
    """

    def __init__(self, args: Any) -> None:
        self.save_dir, self.restore_file = getattr(args, "save_dir", None), getattr(args, "restore_file", None)
        self.trained = False

    def __call__(self, model: nn.Module, inputs: Any) -> None:
        """Check once."""
        if self.trained:
            return
        if model.training:
            self._refuse_to_start_anew()
            self.trained = True
        elif active_group_size(None) > 1:
            raise RuntimeError(
                "distributed_world_size: fairseq gives processes different numbers of batches to evaluate, and MoE "
                f"layers would wait for ever; evaluate on one process, after {RESHARD} --ranks 1 --to FOLDER"
            )

    def _refuse_to_start_anew(self) -> None:
        if not self.save_dir or not self.restore_file:
            return
        path = Path(self.restore_file)
        path = Path(self.save_dir) / path if self.restore_file == "checkpoint_last.pt" else path
        wrote, ranks = len(list(path.parent.glob(f"{path.stem}-rank-*.pt"))), active_group_size(None)
        if path.exists() and (ranks == 1 or not wrote):
            wrote = 1
        if wrote not in (0, ranks):
            raise RuntimeError(
                f"restore_file: {path} is of {wrote} ranks, this run has {ranks}; turn it into another folder by "
                f"{RESHARD} --ranks {ranks} --to FOLDER, or choose another --save-dir"
            )
