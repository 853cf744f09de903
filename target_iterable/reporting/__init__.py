"""Counts, metrics, request log, dead-letter file, run summary."""
