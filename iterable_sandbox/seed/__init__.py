"""Synthetic project."""
