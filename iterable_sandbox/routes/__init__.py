"""The table of all endpoints."""
