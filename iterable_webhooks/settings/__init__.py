"""Settings of a receiver, and its secrets, which come from the environment and from files only."""
