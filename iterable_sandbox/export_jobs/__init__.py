"""Life cycle of export jobs, and their files."""
