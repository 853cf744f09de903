"""Objects that make something happen."""
