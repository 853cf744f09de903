"""One repository per table."""
