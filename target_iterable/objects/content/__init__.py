"""Catalogs, metadata, snippets, references."""
