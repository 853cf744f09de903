"""Events as exports and system webhooks send them: their fields, and the key that both have in common."""
