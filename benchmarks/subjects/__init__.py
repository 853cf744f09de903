"""What is measured: one command each, all doing the same work."""
