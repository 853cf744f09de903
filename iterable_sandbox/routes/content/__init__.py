"""Handlers of campaigns, templates, catalogs, metadata and other resources that clients mostly read."""
