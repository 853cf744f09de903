"""One file per family of streams, and the registry."""
