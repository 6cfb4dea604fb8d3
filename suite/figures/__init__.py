"""Figures, each as SVG, PDF and PNG: ``lshmoe-bench figures scale=nano`` draws all that the records allow.

One module per figure; ``lshmoe-bench figures scale=nano figures=audit`` draws that one alone. A module has
``CAPTION``, what is shown and how to read it, and ``build(folder)``; its files have its name, or those that it lists
as ``NAMES``.
"""

from suite.loading import offered

HELPERS = ("build", "canvas", "panels", "style")


def names() -> list[str]:
    """Every figure's module."""
    return offered(__name__, HELPERS)
