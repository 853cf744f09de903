"""Handlers of the endpoints, one module per family, and the table of all endpoints."""
