"""Facts about Iterable's API: data types and their fields, identities, timestamps, and what holds of each endpoint."""
