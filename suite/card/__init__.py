"""What one card can do, measured without the rest of the bench: imports torch, lshmoe and baselines alone."""
