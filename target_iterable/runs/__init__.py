"""Runs: the parts of a real run and of a dry run, and the resources that the settings ask for."""
