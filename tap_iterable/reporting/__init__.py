"""Reporting: what is counted of each stream while it is read, for the history of runs."""
