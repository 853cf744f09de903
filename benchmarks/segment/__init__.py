"""Segment calls into the target: raw ones, and rows of the tables of a warehouse."""
