"""The cost model: the paper's equations as printed, and a step model fitted to measurements or data sheets."""

from suite.costmodel.bound import speedup_bound
from suite.costmodel.calibrate import measured_cost, measured_link
from suite.costmodel.exchange import AlphaBeta
from suite.costmodel.solve import link_for
from suite.costmodel.step import Method, MethodCost, Prediction, Workload, predict, speedup

__all__ = [
    "AlphaBeta",
    "Method",
    "MethodCost",
    "Prediction",
    "Workload",
    "link_for",
    "measured_cost",
    "measured_link",
    "predict",
    "speedup",
    "speedup_bound",
]
