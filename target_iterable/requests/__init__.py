"""Requests: batching, scheduling, sending, parsing of bulk responses, and isolation of failed rows."""
