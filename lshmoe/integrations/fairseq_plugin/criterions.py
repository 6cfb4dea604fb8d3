"""fairseq's criterions plus the gates' balance loss."""

from dataclasses import dataclass, field
from typing import Any

import torch
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.criterions.cross_entropy import CrossEntropyCriterion, CrossEntropyCriterionConfig
from fairseq.criterions.masked_lm import MaskedLmConfig, MaskedLmLoss
from fairseq.dataclass import FairseqDataclass
from fairseq.logging import metrics
from torch import Tensor, nn

from lshmoe import moe_layers


@dataclass
class BalanceLossConfig(FairseqDataclass):  # type: ignore[misc]
    """Added to a criterion's own options."""

    moe_balance_weight: float = field(
        default=0.01, metadata={"help": "weight of the balance loss, averaged over the MoE layers"}
    )


class WithBalanceLoss(FairseqCriterion):  # type: ignore[misc]
    """Adds ``moe_balance_weight`` × mean balance loss to the criterion that follows it among a class's bases.

    The logged ``loss`` and ``ppl`` leave it out.
    """

    moe_balance_weight: float

    @classmethod
    def build_criterion(cls, cfg: Any, task: Any) -> "WithBalanceLoss":
        """Build the criterion from its options."""
        criterion: WithBalanceLoss = super().build_criterion(cfg, task)
        criterion.moe_balance_weight = cfg.moe_balance_weight
        return criterion

    def forward(
        self, model: nn.Module, sample: dict[str, Any], reduce: bool = True
    ) -> tuple[Tensor, int, dict[str, Any]]:
        """Return the loss to differentiate, its denominator and what to log, as every fairseq criterion does.

        Raises:
            ValueError: if the model has no MoE layers.
        """
        layers = moe_layers(model)
        if not layers:
            raise ValueError(
                "criterion: moe_cross_entropy and moe_masked_lm need a model with MoE layers; "
                "use --arch moe_transformer_lm or moe_roberta"
            )
        loss, sample_size, logging_output = super().forward(model, sample, reduce)
        # The trainer divides by the sample size, so every summand is multiplied by it.
        balance = torch.stack([layer.balance_loss for layer in layers]).mean() * sample_size
        logging_output["balance_loss"] = balance.detach()
        return loss + self.moe_balance_weight * balance, sample_size, logging_output

    @classmethod
    def reduce_metrics(cls, logging_outputs: list[dict[str, Any]]) -> None:
        """Log the criterion's own metrics and the balance loss, averaged over all ranks' samples."""
        super().reduce_metrics(logging_outputs)
        sample_size = sum(log["sample_size"] for log in logging_outputs)
        balance = sum(log["balance_loss"] for log in logging_outputs)
        metrics.log_scalar("balance_loss", balance / sample_size, sample_size, round=3)


@dataclass
class MoECrossEntropyConfig(BalanceLossConfig, CrossEntropyCriterionConfig):  # type: ignore[misc]
    """Options of ``--criterion moe_cross_entropy``."""


@register_criterion("moe_cross_entropy", dataclass=MoECrossEntropyConfig)
class MoECrossEntropy(WithBalanceLoss, CrossEntropyCriterion):  # type: ignore[misc]
    """``cross_entropy`` + balance loss, for ``--arch moe_transformer_lm``."""


@dataclass
class MoEMaskedLmConfig(BalanceLossConfig, MaskedLmConfig):  # type: ignore[misc]
    """Options of ``--criterion moe_masked_lm``."""


@register_criterion("moe_masked_lm", dataclass=MoEMaskedLmConfig)
class MoEMaskedLm(WithBalanceLoss, MaskedLmLoss):  # type: ignore[misc]
    """``masked_lm`` + balance loss, for ``--arch moe_roberta``."""
