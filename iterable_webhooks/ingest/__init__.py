"""What happens to a body between its receipt and its commit: check, queue, group commit, counts."""
