"""Mirroring: membership of streams, keys seen in their sources, and removal of members that have left."""
