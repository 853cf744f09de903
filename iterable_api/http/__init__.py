"""The HTTP client: session, retries, stalled connections, successes that are sure."""
