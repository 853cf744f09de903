"""Proposals of routes: what the streams of a source could be in the project, by their schemas and its fields."""
