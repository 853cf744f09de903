"""What is written from the code, so that it cannot drift from it."""
