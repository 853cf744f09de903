"""Comparison of the store with Iterable's export: which events one of them has and the other lacks."""
