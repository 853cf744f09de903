"""Streams of events and users: of the export, of the store of webhooks, and in the shapes of other systems."""
