"""Optuna studies of hash settings: `create`, `work` (as many as wanted), `confirm`, `report`; see docs/sweeps.md."""
