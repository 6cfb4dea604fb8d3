"""Runs mirrored to MLflow: live from a process of its own, or later from records. Files stay the truth.

``python -m suite.track sync scale=nano`` mirrors what is on record; ``python -m suite.track ui`` shows it. MLflow is
imported by neither a run nor its launcher.
"""
