"""The same as objects, for a block of records at a time."""
