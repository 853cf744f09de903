"""Lines and formats of exports, and signed URLs of their files."""
