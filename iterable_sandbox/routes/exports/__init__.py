"""Handlers of the export endpoints."""
