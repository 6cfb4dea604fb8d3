"""Frameworks that LSH-MoE plugs into: those that this project has a plug-in for."""

import pkgutil
from typing import ClassVar

from pydantic import Field

from lshmoe import integrations
from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.finding import CONSTRUCTION, HOLDS_HERE, NOT_MEASURED, Finding
from suite.claims.ledger import Claim, Place


class PlugIns(ClaimTest):
    """Holds by construction if ``lshmoe.integrations`` has a module ``<name>_plugin`` for each of ``frameworks``."""

    KIND: ClassVar[str] = CONSTRUCTION

    frameworks: list[str] = Field(min_length=1)

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        modules = {module.name for module in pkgutil.iter_modules(integrations.__path__)}
        there = sorted(name.removesuffix("_plugin") for name in modules if name.endswith("_plugin"))
        missing = [name for name in self.frameworks if name not in there]
        if not missing:
            return Finding(HOLDS_HERE, f"plug-ins here: {', '.join(there)}", float(len(there)))
        reason = f"no plug-in for {', '.join(missing)} here; there is one for {', '.join(there)}"
        return Finding(NOT_MEASURED, reason, float(len(self.frameworks) - len(missing)))
