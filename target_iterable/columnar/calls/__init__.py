"""Calls of the Segment spec, column by column: how they are read, and plain ones mapped to events and profiles."""
