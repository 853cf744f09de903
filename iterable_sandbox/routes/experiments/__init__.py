"""Experiments, as Iterable's own client of September 2026 reads and changes them."""
