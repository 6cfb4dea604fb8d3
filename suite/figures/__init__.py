"""Figures, each as SVG, PDF and PNG: ``python -m suite.figures scale=nano`` draws all that the records allow.

One module per figure; ``python -m suite.figures.audit scale=nano`` draws that one alone.
"""
