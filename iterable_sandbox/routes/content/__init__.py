"""Campaigns, templates, catalogs, metadata and other read-mostly resources."""
