"""Staying under Iterable's documented limits, in one process or in several."""
