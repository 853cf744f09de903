"""Reporting: counts, metrics, request log, audit log, dead-letter file and summary of a run."""
