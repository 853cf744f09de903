"""Ingestion: check, queue, group commit and counts, between the receipt of a body and its commit."""
