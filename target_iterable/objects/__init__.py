"""Registry of all objects; Segment, which is made of the others."""
