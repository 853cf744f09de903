"""OpenTelemetry: a span for each run, stream and request, and counters of what became of records."""
