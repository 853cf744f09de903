"""JSON Schema of the settings and checks across settings."""
