"""The HTTP client: session, retries, stalled connections, verified successes."""
