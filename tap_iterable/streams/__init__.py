"""The tap's streams, one file per family."""
