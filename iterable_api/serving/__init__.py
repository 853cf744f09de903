"""Serving HTTP on a local socket until a signal asks for the end."""
