"""SQLite connection, transactions, name index."""
