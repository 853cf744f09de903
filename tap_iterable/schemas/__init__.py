"""JSON Schemas and field descriptions."""
