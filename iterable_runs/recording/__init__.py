"""Recording of a run while it goes on: a thread that tells observers how it stands, and the one that writes history."""
