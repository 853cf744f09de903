"""Exports: windows of time, verified downloads, export jobs."""
