"""Batching, scheduling, sending, bulk responses, isolation of bad rows."""
