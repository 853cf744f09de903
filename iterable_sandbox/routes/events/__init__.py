"""Events, commerce, messages."""
