"""Lines and formats of exports, loading of their files, and signed URLs of them."""
