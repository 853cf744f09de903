"""Storage of a project in SQLite, and its facade `Store`."""
