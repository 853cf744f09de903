"""Objects about users."""
