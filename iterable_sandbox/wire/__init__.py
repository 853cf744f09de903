"""JSON, dates, clock, response envelopes, body schemas."""
