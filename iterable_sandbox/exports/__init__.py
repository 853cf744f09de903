"""What an export holds, as JSON lines or as CSV, and the jobs that write it into files."""
