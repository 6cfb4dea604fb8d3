"""Data: a registry of sources, checksummed downloads, tokenisers and memory-mapped tokens."""
