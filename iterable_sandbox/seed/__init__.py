"""Seeding: a synthetic project, reproducible from its plan."""
