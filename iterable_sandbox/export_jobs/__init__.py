"""Life of export jobs and their files."""
