"""The project (settings, store, clock, limits) and the request log."""
