"""Repositories, one for each table."""
