"""Removal of what left the source: membership, seen keys, removals."""
