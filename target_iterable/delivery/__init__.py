"""Delivery: the engine under all sinks, which buffers operations, sends them, and accounts for every record."""
