"""Calls of the Segment spec, as records of Iterable's objects. Nothing here talks to Iterable."""
