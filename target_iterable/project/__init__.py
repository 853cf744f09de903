"""Look-ups in the remote project: lists, catalogs, ids, users, connection check."""
