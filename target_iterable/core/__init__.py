"""The nouns: Operation, Endpoint, Batch, row results, reject reason, JSON encoding (no I/O)."""
