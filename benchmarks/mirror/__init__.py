"""Mirrors: a first run, and a second one of which a hundredth has changed."""
