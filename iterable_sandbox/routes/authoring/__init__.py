"""Handlers that create and change templates and campaigns, and start and stop campaigns."""
