"""Caches of prefetched rows, each for one request."""
