"""Singer tap that reads an Iterable project."""
