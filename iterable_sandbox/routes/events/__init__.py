"""Handlers of events, commerce and messages."""
