"""Parameter counts of the paper's Table 1."""

from typing import ClassVar

from suite.analysis.models import TOGETHER
from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.finding import ARITHMETIC, CONSISTENT, INCONSISTENT, Finding, nothing
from suite.claims.ledger import Claim, Place
from suite.config.paper.table1 import table1

TABLE = "tables/models.csv"
MILLION = 1e6


class Counted(ClaimTest):
    """Consistent if one reading gives all that is printed of a model, MoE layers where the text says they are."""

    KIND: ClassVar[str] = ARITHMETIC

    model: str

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        rows = [row for row in bench.models if (row["model"], row["quantity"]) == (self.model, TOGETHER)]
        if not rows or not rows[0]["counted"]:
            raise nothing(f"{TABLE} says nothing of it")
        (row,) = rows
        matches = row["match"] == "yes"
        assert isinstance(claim.paper_value, float | int)
        reason = f"{row['readings_matching']} of {row['readings_tried']} readings give all numbers; {row['reading']}"
        return Finding(
            CONSISTENT if matches else INCONSISTENT,
            reason,
            float(row["counted"]) / MILLION,
            tolerance=table1().tolerance * claim.paper_value,
            evidence=[TABLE],
        )
