"""Dry runs: everything happens as in a real run, except that writes end in a file instead of in Iterable."""
