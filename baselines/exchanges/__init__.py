"""Exchanges: other paths from a row to its expert."""
