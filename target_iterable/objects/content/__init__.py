"""Objects of content: catalogs, metadata, snippets; lists, channels and message types by name."""
