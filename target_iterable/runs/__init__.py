"""What a real run and a dry run are wired of."""
