"""fairseq's cross entropy plus the gates' balance loss."""

from dataclasses import dataclass, field
from typing import Any

import torch
from fairseq.criterions import register_criterion
from fairseq.criterions.cross_entropy import CrossEntropyCriterion, CrossEntropyCriterionConfig
from fairseq.logging import metrics
from torch import Tensor, nn

from lshmoe import moe_layers


@dataclass
class MoECrossEntropyConfig(CrossEntropyCriterionConfig):  # type: ignore[misc]
    """Options of ``--criterion moe_cross_entropy``."""

    moe_balance_weight: float = field(
        default=0.01, metadata={"help": "weight of the balance loss, averaged over the MoE layers"}
    )


@register_criterion("moe_cross_entropy", dataclass=MoECrossEntropyConfig)
class MoECrossEntropyCriterion(CrossEntropyCriterion):  # type: ignore[misc]
    """Cross entropy + ``moe_balance_weight`` × mean balance loss; the logged ``loss`` and ``ppl`` leave it out."""

    def __init__(self, task: Any, sentence_avg: bool, moe_balance_weight: float) -> None:
        super().__init__(task, sentence_avg)
        self.moe_balance_weight = moe_balance_weight

    def forward(
        self, model: nn.Module, sample: dict[str, Any], reduce: bool = True
    ) -> tuple[Tensor, int, dict[str, Any]]:
        """Return the loss to differentiate, its denominator and what to log, as every fairseq criterion does.

        Raises:
            ValueError: if the model has no MoE layers.
        """
        loss, sample_size, logging_output = super().forward(model, sample, reduce)
        layers = moe_layers(model)
        if not layers:
            raise ValueError(
                "criterion: moe_cross_entropy needs a model with MoE layers; use --arch moe_transformer_lm"
            )
        # The trainer divides by the sample size, so every summand is multiplied by it.
        balance = torch.stack([layer.balance_loss for layer in layers]).mean() * sample_size
        logging_output["balance_loss"] = balance.detach()
        return loss + self.moe_balance_weight * balance, sample_size, logging_output

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log cross entropy and balance loss, each averaged over all ranks' samples."""
        CrossEntropyCriterion.reduce_metrics(logging_outputs)
        sample_size = sum(log["sample_size"] for log in logging_outputs)
        balance = sum(log["balance_loss"] for log in logging_outputs)
        metrics.log_scalar("balance_loss", balance / sample_size, sample_size, round=3)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """All of them are sums over samples."""
        return True
