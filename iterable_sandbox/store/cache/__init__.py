"""Prefetch per request."""
