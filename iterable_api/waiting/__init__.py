"""Retry policies, and the end of waits by a signal."""
