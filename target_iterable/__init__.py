"""Singer target that writes into an Iterable project."""
