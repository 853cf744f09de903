"""Base classes of streams (windowed, partitioned, resource, batched)."""
