"""Objects about events: custom events, purchases, carts, triggers, messages."""
