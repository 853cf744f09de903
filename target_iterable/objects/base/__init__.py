"""Base classes of objects, and the parts of a record that several objects read alike."""
