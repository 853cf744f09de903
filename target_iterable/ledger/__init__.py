"""Dedup store and idempotency keys in SQL."""
