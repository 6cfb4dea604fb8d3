"""Reductions: which rows travel, other than by hashing."""
