"""Runs mirrored to MLflow: live from a process of its own, or later from records. Files stay the truth.

``lshmoe-bench track sync scale=nano`` mirrors what is on record; ``lshmoe-bench track ui`` shows it. Neither a
run nor its launcher imports MLflow.
"""
