"""Runs mirrored to MLflow: live from a process of its own, or later from records. Files stay the truth.

``lshmoe-bench track sync scale=nano`` mirrors what is on record; ``lshmoe-bench track ui`` shows it. MLflow is
imported by neither a run nor its launcher.
"""
