"""Formats on the wire: JSON, dates, clock, response envelopes, body schemas."""
