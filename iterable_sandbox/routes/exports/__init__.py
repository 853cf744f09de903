"""Export endpoints."""
