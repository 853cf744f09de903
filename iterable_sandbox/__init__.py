"""A local Iterable: the same HTTP API over SQLite, for demos, tests and pipelines."""
