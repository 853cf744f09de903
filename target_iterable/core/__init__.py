"""Nouns of the engine: operation, endpoint, batch, row results, reject reason; JSON encoding and private files."""
