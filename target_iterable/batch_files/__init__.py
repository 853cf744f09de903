"""Files that BATCH messages name: where they may be, how they are read, and when they are deleted."""
