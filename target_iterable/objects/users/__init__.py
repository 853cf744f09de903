"""Objects about a user profile."""
