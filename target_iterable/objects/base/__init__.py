"""Base classes of objects, and parts of records that several objects share."""
